import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { fitIdentifier } from "../../core/identifiers.js";

/** Who made a database for tests: a process of this machine, or one of another. */
export type DatabaseMaker = { readonly isLocal: boolean; readonly pid: number };

const SUFFIX = /_([0-9a-f]{6})_(\d+)_[0-9a-f]{12}$/;

/** A name that no other database has, and that tells which process of which machine made it. */
export function nameTestDatabase(prefix: string): string {
  return fitIdentifier(prefix, `_${machine()}_${process.pid}_${randomBytes(6).toString("hex")}`);
}

/**
 * Who made the database of this name, or undefined if {@link nameTestDatabase} did not name it for this prefix.
 *
 * @example readMaker("tenantry_test", "tenantry_test_1f0c9a_4711_00112233aabb") // { isLocal: false, pid: 4711 }
 */
export function readMaker(prefix: string, name: string): DatabaseMaker | undefined {
  const match = SUFFIX.exec(name);
  if (match === null || fitIdentifier(prefix, match[0]) !== name) return undefined;
  return { isLocal: match[1] === machine(), pid: Number(match[2]) };
}

/** Two machines, or two containers, have process ids of their own. */
function machine(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 6);
}
