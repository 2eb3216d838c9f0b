import { TenantryError } from "../../core/errors.js";
import type { ConnectionFacts } from "./connection-facts.js";

/** What of a manifest, as `tenantry generate` writes it, is compared. */
export type ManifestDigest = { readonly digest: string };

/** What is done about another manifest than the service's: see `connect()`. */
export type OnManifestMismatch = "refuse" | "warn";

/**
 * Compares the service's manifest with what the database was migrated to.
 *
 * @returns what to warn of.
 * @throws TenantryError `manifest-mismatch`, unless a warning is asked for.
 */
export function guardManifest(
  { manifestDigest }: Pick<ConnectionFacts, "manifestDigest">,
  manifest: ManifestDigest | undefined,
  onMismatch: OnManifestMismatch,
): string | undefined {
  if (manifest === undefined || manifest.digest === manifestDigest) return undefined;
  const message =
    manifestDigest === undefined
      ? "The database does not say which schema it was migrated to."
      : `The database was migrated to another schema (${short(manifestDigest)}) than this service was built from (${short(manifest.digest)}).`;
  if (onMismatch === "warn") return message;
  throw new TenantryError({
    code: "manifest-mismatch",
    message,
    hint: 'Run "tenantry migrate" of the service\'s version. During a rolling deploy connect with onManifestMismatch: "warn".',
  });
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
