import { z } from "zod";
import type { Catalog } from "../../catalog/catalog.js";
import type { Finding } from "../../core/finding.js";
import type { Expected } from "../../isolation/expected.js";
import { digestData } from "../cache/digest-data.js";
import { identifyEngine, identifyParser } from "../cache/engine-identity.js";
import { findingSchema } from "../cache/finding-schema.js";
import { openResultCache } from "../cache/result-cache.js";

/**
 * Judges a live catalog by every rule, or says what was found in the very same catalog before: the answer depends on
 * nothing but the catalog, what is expected of it, and the code that judges. To load that, and the SQL parser, takes
 * longer than to read the catalog.
 *
 * @param directory the project's folder.
 */
export async function auditRemembered(
  directory: string,
  { expected, catalog }: { readonly expected: Expected; readonly catalog: Catalog },
): Promise<readonly Finding[]> {
  const cache = await openResultCache(directory);
  const name = `audit-${digestData([identifyEngine(), identifyParser(), expected, catalog])}`;
  const known = await cache.read(name, z.array(findingSchema));
  if (known !== undefined) return known;
  const [{ auditCatalog }, { loadPolicyAnalysis }] = await Promise.all([
    import("../../isolation/audit.js"),
    import("../../isolation/policy-analysis.js"),
  ]);
  const findings = auditCatalog({ expected, catalog, analysis: await loadPolicyAnalysis(expected.settings) });
  await cache.write(name, findings);
  return findings;
}
