import type { Membership } from "../catalog/surroundings.js";

/** Everything that can be got to along memberships, the start not included. */
export function followMemberships(
  start: readonly string[],
  memberships: readonly Membership[],
  from: "member" | "role",
  to: "member" | "role",
): string[] {
  const steps = new Map<string, string[]>();
  for (const one of memberships) steps.set(one[from], [...(steps.get(one[from]) ?? []), one[to]]);
  const found = new Set<string>();
  const open = [...start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of steps.get(name) ?? []) {
      if (found.has(next) || start.includes(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return [...found];
}
