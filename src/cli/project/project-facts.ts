import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import { z } from "zod";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import type { Expected } from "../../isolation/expected.js";
import type { LedgerPlace } from "../../migrate/ledger/ledger.js";
import { digestData } from "../cache/digest-data.js";
import { identifyEngine } from "../cache/engine-identity.js";
import type { ResultCache } from "../cache/result-cache.js";
import { openResultCache } from "../cache/result-cache.js";
import { areUnchanged, followSources } from "./evaluated-sources.js";
import type { Project } from "./project.js";
import { findSchemaFiles } from "./project.js";

/** What a project says of a database, as data: what its configuration and its schema evaluate to. */
export type ProjectFacts = {
  readonly settings: TenancySettings;
  /** The migrations folder. */
  readonly out: string;
  readonly ledger: LedgerPlace;
  readonly expected: Expected;
};

const pair = z.tuple([z.string(), z.string()]);

const remembered = z.object({
  patterns: z.array(z.string()),
  schemaFiles: z.array(z.string()),
  sources: z.object({
    files: z.array(pair),
    absent: z.array(z.string()),
    packages: z.array(z.tuple([z.string(), z.string(), z.string()])),
    variables: z.array(z.tuple([z.string(), z.string().nullable()])),
  }),
  /** By V8's own serialisation, which tells `undefined` from nothing; in base64. */
  facts: z.string(),
});

/**
 * What a project says of a database. To load drizzle-orm and the schema takes most of the time of a short command: what
 * they evaluated to is kept, with everything that it depended on, and used as long as all of that is unchanged.
 *
 * @throws TenantryError as `loadProject` and `loadSchema`.
 */
export async function readProjectFacts(
  configPath: string,
  variables: NodeJS.ProcessEnv,
  loadProject: () => Promise<Project>,
): Promise<ProjectFacts> {
  const cache = await openResultCache(dirname(configPath));
  const name = `project-${digestData([identifyEngine(), configPath])}`;
  const known = await recall(cache, name, dirname(configPath), variables);
  if (known !== undefined) return known;
  // To the microsecond: a file may have been written in this very millisecond.
  const started = performance.timeOrigin + performance.now();
  const project = await loadProject();
  const { expected } = await project.loadSchema();
  const { settings, out, ledger } = project;
  const facts = { settings, out, ledger, expected };
  // What cannot be kept is worked out again.
  const schemaFiles = await project.schemaFiles();
  const sources = await followSources([configPath, ...schemaFiles], variables, started);
  if (sources !== undefined) {
    const kept = serialize(facts).toString("base64");
    await cache.write(name, { patterns: project.schemaPatterns, schemaFiles, sources, facts: kept });
  }
  return facts;
}

async function recall(
  cache: ResultCache,
  name: string,
  directory: string,
  variables: NodeJS.ProcessEnv,
): Promise<ProjectFacts | undefined> {
  const entry = await cache.read(name, remembered);
  if (entry === undefined) return undefined;
  const [isUnchanged, schemaFiles] = await Promise.all([
    areUnchanged(entry.sources, variables),
    findSchemaFiles(directory, entry.patterns).catch(() => []),
  ]);
  if (!isUnchanged || schemaFiles.join("\0") !== entry.schemaFiles.join("\0")) return undefined;
  return deserialize(Buffer.from(entry.facts, "base64"));
}
