import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Hint } from "drizzle-kit/cli";
import type { Difference } from "../../catalog/diff-catalogs.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import { listDemands } from "../../isolation/demands.js";
import type { Expected } from "../../isolation/expected.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import type { DrizzleKitProject, GenerateAnswer } from "../drizzle-kit.js";
import { exportSchema, generate, readEntities } from "../drizzle-kit.js";
import type { Migration } from "../folder/migration.js";
import { readFolder } from "../folder/read-folder.js";
import { requireV1Layout } from "../folder/require-v1-layout.js";
import { interrupted } from "../run/interrupted.js";
import type { AskRename } from "./answer-questions.js";
import { answerQuestions } from "./answer-questions.js";
import { completeOnShadow } from "./complete-on-shadow.js";
import { findLosses } from "./find-losses.js";
import {
  formatMigration,
  generatedStatements,
  missingBefore,
  withoutUnprotecting,
} from "./migration-text.js";
import type { RenameAnswers } from "./rename-answers.js";
import { NO_ANSWERS, refuseUnused } from "./rename-answers.js";

/** What a new migration is made from. */
export type CreateOptions = {
  readonly name: string;
  readonly project: DrizzleKitProject;
  /** The exports of the schema files, merged. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly expected: Expected;
  /** The migrations folder; made if it is missing. */
  readonly out: string;
  /** A server on which databases may be made and dropped. */
  readonly shadowServer: URL;
  readonly connect?: ConnectOptions;
  readonly answers?: RenameAnswers;
  readonly ask?: AskRename | undefined;
  /** Compute the SQL and write nothing. */
  readonly dryRun?: boolean;
  readonly logger?: Logger;
  /** Stops at the next step; nothing is written. */
  readonly signal?: AbortSignal;
};

/** What became of it. */
export type CreateResult =
  | { readonly status: "unchanged" }
  | {
      readonly status: "written" | "planned";
      readonly name: string;
      readonly file: string;
      readonly sql: string;
      /** What the completion cannot close: things in the folder's result that the schema does not know. */
      readonly left: readonly Difference[];
      /** What the migration drops, or drizzle-kit wanted confirmed, such as `table documents`: its data may be lost. */
      readonly losses: readonly string[];
    };

/** More rounds of questions than any schema needs; past it, drizzle-kit and we do not understand each other. */
const MOST_ROUNDS = 50;

/**
 * Writes the next migration: drizzle-kit's own diff, completed on a shadow by what drizzle-kit cannot write. Nothing
 * appears in the migrations folder before all of it is done.
 *
 * @throws TenantryError `generate-failed`, `rename-ambiguous`, `migration-failed` if the folder does not apply, `isolation`.
 */
export async function createMigration(options: CreateOptions): Promise<CreateResult> {
  const logger = options.logger ?? silentLogger;
  const name = migrationName(options.name);
  const earlier = await readEarlier(options.out);
  return await withTemporaryCopy(earlier, async (out) => {
    logger.info("comparing the schema with the migrations (drizzle-kit)");
    const losses = new Set<string>();
    const drafted = await draft(options, out, name, losses);
    const demands = listDemands(options.expected);
    const before = missingBefore(demands, earlier);
    const generated = drafted === undefined ? [] : await readGenerated(drafted, options.expected);
    logger.info("rehearsing on the shadow what drizzle-kit cannot write");
    const completed = await completeOnShadow({
      server: options.shadowServer,
      connect: { urlName: "SHADOW_DATABASE_URL", ...options.connect },
      expected: options.expected,
      demands,
      earlier,
      draft: { before, generated },
      exported: await exportSchema(options.project),
      signal: options.signal,
    });
    if (drafted === undefined && before.length === 0 && completed.statements.length === 0)
      return { status: "unchanged" };
    const written = drafted ?? (await draftCustom(options, out, name));
    const sql = formatMigration({ before, generated, completion: completed.statements });
    const folder = nextFolderName(basename(dirname(written)), earlier);
    if (options.signal?.aborted === true) throw interrupted();
    const file = join(options.out, folder, "migration.sql");
    if (options.dryRun !== true) await publish(dirname(written), join(options.out, folder), sql);
    return {
      status: options.dryRun === true ? "planned" : "written",
      name: folder,
      file,
      sql,
      left: completed.left,
      losses: [...new Set([...losses, ...(await findLosses(generated))])],
    };
  });
}

/** drizzle-kit makes folder names of names; only what is safe in a path and easy to type passes. */
function migrationName(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}_-]{0,99}$/u.test(name)) return name;
  throw new TenantryError({
    code: "argument-invalid",
    message: `${JSON.stringify(name)} cannot be the name of a migration.`,
    hint: "Use letters, digits, - and _, beginning with a letter or digit: tenantry create add_invoices",
  });
}

async function readEarlier(out: string): Promise<Migration[]> {
  try {
    await stat(out);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return [];
  }
  requireV1Layout(out);
  return await readFolder(out);
}

export async function withTemporaryCopy<T>(
  earlier: readonly Migration[],
  use: (copy: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-create-"));
  try {
    const copy = join(directory, "out");
    await mkdir(copy);
    for (const migration of earlier)
      await cp(dirname(migration.file), join(copy, migration.name), { recursive: true });
    return await use(copy);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Lets drizzle-kit write its part into a copy of the folder; undefined if it has nothing to write. */
async function draft(
  options: CreateOptions,
  out: string,
  name: string,
  losses: Set<string>,
): Promise<string | undefined> {
  const hints: Hint[] = [];
  const answers = options.answers ?? NO_ANSWERS;
  const used = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (options.signal?.aborted === true) throw interrupted();
    const answer: GenerateAnswer = await generate(options.project, {
      exports: options.exports,
      out,
      name,
      hints,
    });
    if (answer.status !== "undecided") {
      refuseUnused(answers, used);
      return answer.status === "written" ? answer.file : undefined;
    }
    const entities = await readEntities(await readSnapshots(out), options.exports);
    hints.push(
      ...(await answerQuestions(answer.questions, hints, {
        ...entities,
        answers,
        used,
        losses,
        ask: options.ask,
      })),
    );
  }
  throw new Error(`drizzle-kit still asks after ${MOST_ROUNDS} rounds of answers`);
}

/** A folder with a snapshot and no SQL of drizzle-kit's, for a completion alone. */
export async function draftCustom(
  options: Pick<CreateOptions, "exports" | "project">,
  out: string,
  name: string,
): Promise<string> {
  const { exports, project } = options;
  const answer = await generate(project, { exports, out, name, hints: [], custom: true });
  if (answer.status === "written") return answer.file;
  throw new Error(`drizzle-kit wrote no custom migration: ${answer.status}`);
}

/**
 * The name that drizzle-kit gave, or, where the clock is behind the newest migration's (two in one second, a colleague's
 * clock), the next second after that: migrations are applied in the order of their names.
 */
export function nextFolderName(name: string, earlier: readonly Migration[]): string {
  const newest = earlier.at(-1);
  const stamp = (time: number) => new Date(time).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  if (newest === undefined || name.slice(0, 14) > newest.name.slice(0, 14)) return name;
  return `${stamp(newest.createdAt + 1000)}${name.slice(14)}`;
}

async function readSnapshots(out: string): Promise<Record<string, unknown>> {
  const snapshots: Record<string, unknown> = {};
  for (const migration of await readFolder(out)) {
    const file = join(dirname(migration.file), "snapshot.json");
    try {
      snapshots[file] = JSON.parse(await readFile(file, "utf8"));
    } catch {
      // drizzle-kit has read them before and would have complained; a migration without one adds no candidates.
    }
  }
  return snapshots;
}

async function readGenerated(file: string, expected: Expected): Promise<string[]> {
  return await withoutUnprotecting(generatedStatements(await readFile(file, "utf8")), expected);
}

/** Written beside its place and moved there whole: a killed command leaves no half migration. */
export async function publish(from: string, to: string, sql: string): Promise<void> {
  const draft = join(dirname(to), `.${basename(to)}.${process.pid}`);
  try {
    await mkdir(draft, { recursive: true });
    await cp(from, draft, { recursive: true });
    await writeFile(join(draft, "migration.sql"), sql);
    await rename(draft, to);
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true });
    throw new TenantryError({
      code: "disk",
      message: `The migration could not be written to ${to}: ${messageOf(thrown)}.`,
      hint: "Make room, or make the folder writable, then run the command again; nothing was changed.",
      cause: thrown,
    });
  }
}
