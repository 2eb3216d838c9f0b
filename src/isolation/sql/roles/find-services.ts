import type { Unit } from "../interpret.js";
import { readMemberships } from "./read-memberships.js";

/** The tenant role, and every role that the migrations make a member of it, however indirectly. */
export function findServices(units: readonly Unit[], tenant: string): ReadonlySet<string> {
  const grants = units
    .flatMap(({ statements }) => statements)
    .flatMap(({ node }) => readMemberships(node))
    .filter(({ isGrant }) => isGrant);
  const services = new Set([tenant]);
  for (let size = 0; size < services.size; ) {
    size = services.size;
    for (const { group, member } of grants) if (services.has(group)) services.add(member);
  }
  return services;
}
