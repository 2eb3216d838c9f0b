import { createHash } from "node:crypto";
import type { Structure } from "./catalog.js";
import type { Fact } from "./facts.js";
import { readFacts } from "./facts.js";
import type { FactOptions } from "./select-facts.js";
import { selectFacts } from "./select-facts.js";

/** Goes up when facts are read or written otherwise: fingerprints of two formats say nothing about each other. */
const FORMAT = 1;

/**
 * A digest of everything that a database has and that a migration can make. Two are equal exactly where
 * `diffCatalogs`, with the same options, finds nothing. OIDs, owners, roles and the order of columns are not in it.
 *
 * @param structure of `readWholeStructure`; with less read, less is in it.
 * @returns such as `1:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef`: the format, then SHA-256 in
 * hexadecimal. docs/formats.md says what counts.
 * @example
 * fingerprintCatalog(await readWholeStructure(database), { comments: false })
 */
export function fingerprintCatalog(structure: Structure, options: FactOptions = {}): string {
  return fingerprintFacts(selectFacts(readFacts(structure), options));
}

/** The same for facts that were selected already. */
export function fingerprintFacts(facts: readonly Pick<Fact, "key" | "value">[]): string {
  const lines = facts.map(({ key, value }) => JSON.stringify([key, value])).sort();
  return `${FORMAT}:${createHash("sha256").update(lines.join("\n")).digest("hex")}`;
}
