import { stat } from "node:fs/promises";
import { z } from "zod";
import type { Finding } from "../../core/finding.js";
import { hasErrors } from "../../core/finding.js";
import type { Expected } from "../../isolation/expected.js";
import { createMigration } from "../../migrate/create/create-migration.js";
import { parseRenameAnswers } from "../../migrate/create/rename-answers.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { askRename } from "../ask-rename.js";
import { DRY_RUN, defineCommand } from "../command.js";
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
    DRY_RUN,
  ],
  input: z.object({
    name: z.string("a name is missing").min(1),
    rename: z.array(z.string()),
    create: z.array(z.string()),
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { name, rename, create, dryRun }) => {
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
    const folder = await readFolderIfThere(project.out);
    const { name: migration, file, sql } = result;
    const findings = await findPreflight(context, {
      project,
      expected,
      folder: [...folder.filter((one) => one.name !== migration), { name: migration, file, sql }],
      pending: new Set([migration]),
    });
    return {
      exitCode: hasErrors(findings) ? 1 : 0,
      findings,
      data: result,
      text: dryRun ? result.sql.trimEnd() : `Wrote ${result.file}`,
      warnings,
    };
  },
});

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
