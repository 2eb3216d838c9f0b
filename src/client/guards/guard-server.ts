import { TenantryError } from "../../core/errors.js";
import { missingPatch } from "../../postgres/server-facts.js";
import type { ConnectionFacts } from "./connection-facts.js";

/**
 * Judges the server's release: refuses one on which a key of this database leaks, and gives a warning for one that would
 * leak where such a key is added.
 *
 * @throws TenantryError `server-too-old` below the patched release, where a key does not start with the tenant.
 */
export function guardServer({ version, openKeys }: ConnectionFacts): string | undefined {
  const [major, minor] = [Math.floor(version / 10_000), version % 10_000];
  const patched = missingPatch({ major, minor });
  if (patched === undefined) return undefined;
  if (openKeys.length === 0) {
    return `PostgreSQL ${major}.${minor} lacks the fix for CVE-2026-120154. All keys of this database start with the tenant, which closes it here; upgrade to ${patched} all the same.`;
  }
  throw new TenantryError({
    code: "server-too-old",
    message: `PostgreSQL ${major}.${minor} shows other tenants' rows by ON CONFLICT DO UPDATE (CVE-2026-120154), through keys that do not start with the tenant.`,
    details: openKeys.slice(0, 10),
    hint: `Upgrade the server to ${patched} or newer, or put the tenant in front of the keys that are named: "tenantry verify" shows each.`,
  });
}
