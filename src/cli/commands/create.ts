import { stat } from "node:fs/promises";
import { z } from "zod";
import type { Finding } from "../../core/finding.js";
import { hasErrors } from "../../core/finding.js";
import type { Expected } from "../../isolation/expected.js";
import { createMigration } from "../../migrate/create/create-migration.js";
import { parseRenameAnswers } from "../../migrate/create/rename-answers.js";
import { revertMigration } from "../../migrate/create/revert-migration.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readOrderedFolder, withProjectReplay } from "../arrive/with-project-replay.js";
import { askRename } from "../ask-rename.js";
import type { Outcome } from "../command.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import { findPreflight } from "../proof/preflight.js";
import { resolveShadowServer } from "../target.js";

/** `tenantry create NAME`: the next migration, generated and completed. */
export const createCommand = defineCommand({
  name: "create",
  summary: "write the next migration: drizzle-kit's diff, completed and rehearsed",
  example: "create add_invoices",
  argument: { name: "name", description: "what the migration does, such as add_invoices" },
  options: [
    {
      flags: "--rename <old=new>",
      description: "documents.title=documents.heading, or a table: old=new",
      repeatable: true,
    },
    { flags: "--create <new>", description: "it is new, although something else is gone", repeatable: true },
    { flags: "--revert <migration>", description: "no NAME: a migration that undoes this one instead" },
    DRY_RUN,
  ],
  input: z
    .object({
      name: z.string().min(1).optional(),
      rename: z.array(z.string()),
      create: z.array(z.string()),
      revert: z.string().min(1).optional(),
      dryRun: z.boolean().default(false),
    })
    .refine(({ name, revert }) => name !== undefined || revert !== undefined, {
      path: ["name"],
      message: "a name is missing",
    })
    .refine(({ name, revert }) => name === undefined || revert === undefined, {
      path: ["revert"],
      message: "the name is made of it; leave the other out",
    }),
  run: async (context, { name = "", rename, create, revert, dryRun }) => {
    if (revert !== undefined) return await createRevert(context, revert, dryRun);
    const answers = parseRenameAnswers(rename, create);
    const project = await context.loadProject();
    const { exports, expected } = await project.loadSchema();
    const undeclared = findUndeclared(expected);
    if (undeclared.length > 0) return { exitCode: 1, data: { status: "refused" }, findings: undeclared };
    const result = await createMigration({
      name,
      project: { schemaFiles: await project.schemaFiles(), breakpoints: project.breakpoints },
      exports,
      expected,
      out: project.out,
      shadowServer: await resolveShadowServer(context),
      answers,
      ask: context.interactive ? askRename : undefined,
      dryRun,
      logger: context.logger,
      signal: context.signal,
    });
    if (result.status === "unchanged") {
      return {
        exitCode: 0,
        data: result,
        text: "Nothing to write: the migrations are what the schema demands.",
      };
    }
    const warnings = [
      ...result.losses.map((what) => `this may lose data: ${what}; read the migration before you commit it`),
      ...result.left.map(
        ({ key, demanded }) =>
          `${key}: ${demanded === undefined ? "the migrations make it, the schema does not know it" : "not as the schema demands it"}`,
      ),
    ];
    // The file stays, to be corrected or deleted: what is wrong may be the schema's, or an older migration's.
    const findings = await judgeWritten(context, project, expected, result);
    return {
      exitCode: hasErrors(findings) ? 1 : 0,
      findings,
      data: result,
      text: dryRun ? result.sql.trimEnd() : `Wrote ${result.file}`,
      warnings,
    };
  },
});

/** A forward migration that undoes an earlier one. */
async function createRevert(context: Context, revert: string, dryRun: boolean): Promise<Outcome> {
  const project = await context.loadProject();
  const { exports, expected } = await project.loadSchema();
  const folder = await readOrderedFolder(project);
  const result = await withProjectReplay(context, project, folder, async (replay, { database }) =>
    revertMigration({
      name: revert,
      project: { schemaFiles: await project.schemaFiles(), breakpoints: project.breakpoints },
      exports,
      out: project.out,
      folder,
      replay,
      shadow: database,
      dryRun,
      signal: context.signal,
    }),
  );
  const findings = await judgeWritten(context, project, expected, result);
  return {
    exitCode: hasErrors(findings) ? 1 : 0,
    findings,
    data: result,
    text: dryRun ? result.sql.trimEnd() : `Wrote ${result.file}`,
    warnings: [
      ...result.losses.map((what) => `this loses data: ${what}; read the migration before you commit it`),
      ...(result.hasSnapshot
        ? []
        : ["snapshots are missing, so it has none: drizzle-kit does not know what it does"]),
      "take it out of the schema's code, too: the next tenantry create would bring it back",
    ],
  };
}

/** What the checks say of a migration that was just written, or would be. */
async function judgeWritten(
  context: Context,
  project: Project,
  expected: Expected,
  { name, file, sql }: { readonly name: string; readonly file: string; readonly sql: string },
): Promise<Finding[]> {
  const folder = await readFolderIfThere(project.out);
  return await findPreflight(context, {
    project,
    expected,
    folder: [...folder.filter((one) => one.name !== name), { name, file, sql }],
    pending: new Set([name]),
  });
}

/** With --dry-run there may be no folder yet. */
async function readFolderIfThere(out: string) {
  const found = await stat(out).catch(() => undefined);
  return found === undefined ? [] : await readFolder(out);
}

/** Nothing is written while a table's rows are nobody's. */
function findUndeclared(expected: Expected): Finding[] {
  return expected.tables
    .filter((table) => table.declaration === undefined)
    .map((table) => ({
      rule: "table-not-declared",
      level: "error",
      subject: table.name,
      detail: "the schema does not say whose its rows are",
      fix: "Add withTenantRls(t) to it, or globalTable(t, { reason }) if every tenant may read all of it.",
    }));
}
