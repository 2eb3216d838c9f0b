import { stripVTControlCharacters } from "node:util";
import type { Hint, MissingHint } from "drizzle-kit/cli";
import { TenantryError } from "../core/errors.js";
import { importPeer } from "../core/import-peer.js";

/** What drizzle-kit needs to know. Paths are absolute. */
export type DrizzleKitProject = {
  readonly schemaFiles: readonly string[];
  readonly breakpoints: boolean;
};

/** The answer of drizzle-kit's `generate`. */
export type GenerateAnswer =
  | { readonly status: "written"; readonly file: string }
  | { readonly status: "unchanged" }
  | { readonly status: "undecided"; readonly questions: readonly MissingHint[] };

/** Everything that depends on drizzle-kit's own interface is in this file. */
function loadDrizzleKit(): Promise<typeof import("drizzle-kit/cli")> {
  const peer = { name: "drizzle-kit", neededTo: "write migrations", isForDevelopment: true };
  return importPeer(peer, () => import("drizzle-kit/cli"));
}

/**
 * Compares the schema with the snapshots in `out` and writes the difference there as a new migration.
 *
 * @throws TenantryError `generate-failed`, or `schema-invalid`, with drizzle-kit's own words.
 */
export async function generate(
  project: DrizzleKitProject,
  request: {
    /** The exports of the schema files, to say what is wrong with them. */
    readonly exports: Readonly<Record<string, unknown>>;
    readonly out: string;
    readonly name: string;
    readonly hints: readonly Hint[];
    readonly custom?: boolean;
  },
): Promise<GenerateAnswer> {
  const kit = await loadDrizzleKit();
  const { value: answer } = await contain(() =>
    kit.generate({
      dialect: "postgresql",
      schema: [...project.schemaFiles] as unknown as string,
      out: request.out,
      name: request.name,
      breakpoints: project.breakpoints,
      hints: [...request.hints],
      ...(request.custom === true ? { custom: true } : {}),
    }),
  );
  switch (answer?.status) {
    case undefined:
      throw await describeSchemaErrors(request.exports);
    case "ok":
      if ("migration_path" in answer && typeof answer.migration_path === "string") {
        return { status: "written", file: answer.migration_path };
      }
      throw generateFailed("generate-failed", ["drizzle-kit named no file"]);
    case "no_changes":
      return { status: "unchanged" };
    case "missing_hints":
      return { status: "undecided", questions: answer.unresolved };
    case "error": {
      const { code, ...meta } = answer.error;
      throw generateFailed(code, describeMeta(meta));
    }
  }
}

/**
 * The SQL that makes the whole schema in an empty database.
 *
 * @throws TenantryError `generate-failed` with drizzle-kit's own words.
 */
export async function exportSchema(project: DrizzleKitProject): Promise<readonly string[]> {
  const kit = await loadDrizzleKit();
  const { value: answer } = await contain(() =>
    kit.exportSql({ dialect: "postgresql", schema: [...project.schemaFiles] as unknown as string }),
  );
  if (answer?.status === "ok") return answer.statements;
  if (answer === undefined) throw schemaInvalid([]);
  const { code, ...meta } = answer.error;
  throw generateFailed(code, describeMeta(meta));
}

type Contained<T> = {
  /** Undefined if drizzle-kit ended the process. */
  readonly value: T | undefined;
  readonly printed: readonly string[];
};

/**
 * drizzle-kit prints to the console even where it answers with data, and stdout belongs to the command's own data. Of a
 * schema that it cannot take (two columns of one name) it says nothing at all, and ends the process with 1.
 */
async function contain<T>(run: () => Promise<T>): Promise<Contained<T>> {
  const { log, warn, info } = console;
  const { exit } = process;
  const printed: string[] = [];
  let exited = false;
  console.log = console.warn = console.info = (...parts: unknown[]) => void printed.push(parts.join(" "));
  process.exit = (code) => {
    if (code !== 1) return exit.call(process, code);
    exited = true;
    throw new Error("drizzle-kit has ended the process");
  };
  try {
    const value = await run();
    return { value: exited ? undefined : value, printed };
  } catch (thrown) {
    if (exited) return { value: undefined, printed };
    throw thrown;
  } finally {
    Object.assign(console, { log, warn, info });
    process.exit = exit;
  }
}

/** Asks that part of drizzle-kit what is wrong which prints it before it ends the process. */
async function describeSchemaErrors(exports: Readonly<Record<string, unknown>>): Promise<TenantryError> {
  const api = await import("drizzle-kit/api-postgres");
  const { printed } = await contain(() => api.generateDrizzleJson({ ...exports }));
  const lines = printed.flatMap((text) => stripVTControlCharacters(text).split("\n"));
  return schemaInvalid(lines.map((line) => line.trim()).filter((line) => line !== ""));
}

function schemaInvalid(details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "schema-invalid",
    message: "drizzle-kit cannot make SQL of the schema.",
    details,
    hint: "Correct what it names in your schema files, then run the command again.",
  });
}

const HINTS: Readonly<Record<string, string>> = {
  migrations_outdated_error: 'Run "npx drizzle-kit up" once, then run the command again.',
  schema_files_not_found_error: 'Correct "schema" in drizzle.config.ts.',
  check_error: "Restore the file from git; docs/migrations.md says what to do about branches that conflict.",
  orm_version_error: "Install the versions that go together: drizzle-orm and drizzle-kit 1.0.0-rc.5.",
};

function generateFailed(code: string, details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "generate-failed",
    message: `drizzle-kit could not compare the schema with the migrations (${code}).`,
    details,
    hint: HINTS[code] ?? "Correct what it names, then run the command again.",
  });
}

function describeMeta(meta: object): string[] {
  return Object.entries(meta)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
}

/** Anything that a snapshot holds, such as `{ entityType: "tables", schema: "public", name: "documents" }`. */
export type SnapshotEntity = Readonly<Record<string, unknown>> & { readonly entityType: string };

/**
 * What the newest snapshots of a migrations folder hold, and what the schema's exports hold now. Empty where there is no
 * snapshot, or where branches do not combine: it only serves to suggest what may have been renamed.
 */
export async function readEntities(
  snapshots: Readonly<Record<string, unknown>>,
  exports: Readonly<Record<string, unknown>>,
): Promise<{ readonly before: readonly SnapshotEntity[]; readonly now: readonly SnapshotEntity[] }> {
  const api = await import("drizzle-kit/api-postgres");
  try {
    const before = Object.keys(snapshots).length === 0 ? [] : (await api.reconstruct({ ...snapshots })).ddl;
    const { value } = await contain(() => api.generateDrizzleJson({ ...exports }));
    const now = value?.ddl ?? [];
    return { before: before.map((entity) => ({ ...entity })), now: now.map((entity) => ({ ...entity })) };
  } catch {
    return { before: [], now: [] };
  }
}

/**
 * The state to which snapshots lead, as `{ ddl }`; undefined if there are none to read, or branches do not combine.
 *
 * @param snapshots parsed, by their files; empty for an empty database.
 */
export async function reconstructSnapshot(
  snapshots: Readonly<Record<string, unknown>> | undefined,
): Promise<{ readonly ddl: readonly unknown[] } | undefined> {
  if (snapshots === undefined) return undefined;
  if (Object.keys(snapshots).length === 0) return { ddl: [] };
  const api = await import("drizzle-kit/api-postgres");
  try {
    return { ddl: (await api.reconstruct({ ...snapshots })).ddl };
  } catch {
    return undefined;
  }
}
