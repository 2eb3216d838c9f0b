import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { MigrationStep } from "./interpret.js";
import type { ParsedStatement } from "./parse-migration.js";
import { indexPositions } from "./source-position.js";
import { BLOCKING_SQUAWK_RULES, SILENT_SQUAWK_RULES } from "./squawk-rules.js";
import { walkSyntax } from "./walk-syntax.js";

/** squawk's answer, or why there is none. */
export type SquawkResult =
  | { readonly status: "checked"; readonly findings: readonly Finding[] }
  | { readonly status: "absent" | "failed"; readonly reason: string };

const answer = z.array(
  z.object({
    file: z.string(),
    /** Both 0-based; the column in bytes. */
    line: z.number(),
    column: z.number(),
    message: z.string(),
    help: z.string().nullish(),
    rule_name: z.string(),
  }),
);

/**
 * Has squawk look at migrations for locks, rewrites and changes that break running services. Its binary comes with the
 * npm package squawk-cli, if that is installed.
 */
export async function checkWithSquawk(migrations: readonly MigrationStep[]): Promise<SquawkResult> {
  const binary = findSquawk();
  if (binary === undefined) {
    return { status: "absent", reason: "squawk-cli is not installed, so nothing was checked for locks" };
  }
  if (migrations.length === 0) return { status: "checked", findings: [] };
  const folder = await mkdtemp(join(tmpdir(), "tenantry-squawk-"));
  try {
    await Promise.all(
      migrations.map(({ sql }, index) => writeFile(join(folder, `${index}.sql`), closeStatements(sql))),
    );
    const output = await run(
      binary,
      migrations.map((_, index) => `${index}.sql`),
      folder,
    );
    return { status: "checked", findings: readAnswer(output, migrations) };
  } catch (thrown) {
    return { status: "failed", reason: `squawk could not be run (${codeOf(thrown) ?? "no JSON from it"})` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last semicolon before a breakpoint may be missing. This puts one there, and moves nothing. */
function closeStatements(sql: string): string {
  return sql.replaceAll("--> statement-breakpoint", ";-- statement-breakpoint");
}

/** Where the binary of the npm package squawk-cli is; undefined where that is not installed for this system. */
export function findSquawk(): string | undefined {
  const name = process.platform === "win32" ? "squawk.exe" : "squawk";
  const require = createRequire(import.meta.url);
  try {
    const ofPackage = createRequire(require.resolve("squawk-cli/package.json"));
    return ofPackage.resolve(`@squawk-cli/${process.platform}-${process.arch}/bin/${name}`);
  } catch {
    return undefined;
  }
}

function run(binary: string, files: readonly string[], cwd: string): Promise<string> {
  return new Promise((settle, reject) => {
    execFile(
      binary,
      ["--reporter", "json", "--assume-in-transaction", ...files],
      { cwd, maxBuffer: 64 * 1024 * 1024 },
      // With findings it ends with 1, and prints them all the same.
      (error, stdout) => (error !== null && stdout === "" ? reject(error) : settle(stdout)),
    );
  });
}

function readAnswer(output: string, migrations: readonly MigrationStep[]): Finding[] {
  const positions = migrations.map(({ sql }) => indexPositions(sql));
  const all = answer.parse(JSON.parse(output));
  // Of a foreign key squawk says the same twice.
  const keys = new Set(
    all
      .filter(({ rule_name }) => rule_name === "adding-foreign-key-constraint")
      .map(({ file, line }) => `${file}:${line}`),
  );
  return all.flatMap((each): Finding[] => {
    if (each.rule_name === "constraint-missing-not-valid" && keys.has(`${each.file}:${each.line}`)) return [];
    const index = Number.parseInt(each.file, 10);
    const migration = migrations[index];
    const position = positions[index];
    if (migration === undefined || position === undefined || SILENT_SQUAWK_RULES.has(each.rule_name))
      return [];
    const offset = position.offsetOfBytes(each.line, each.column);
    const statement = migration.statements.findLast(({ start }) => start <= offset);
    if (statement !== undefined && isAboutNewTable(statement, migration)) return [];
    return [
      {
        rule: `squawk-${each.rule_name}`,
        level: BLOCKING_SQUAWK_RULES.has(each.rule_name) ? "error" : "warning",
        subject: tablesOf(statement)[0] ?? migration.name,
        file: migration.file,
        ...position.at(offset),
        detail: each.message.replace(/\.$/, ""),
        fix: each.help ?? `See https://squawkhq.com/docs/${each.rule_name}`,
      },
    ];
  });
}

/** Nobody waits for a lock on a table that is not there yet, and nobody's rows are in it. */
function isAboutNewTable(statement: ParsedStatement, migration: MigrationStep): boolean {
  const created = new Set(
    migration.statements
      .filter(({ start, node }) => start <= statement.start && "CreateStmt" in node)
      .map(({ node }) => ("CreateStmt" in node ? node.CreateStmt.relation?.relname : undefined)),
  );
  const [first] = tablesOf(statement);
  return first !== undefined && created.has(first);
}

const named = z.object({ relname: z.string() });

/** The tables that a statement names, the one that it is about first. */
function tablesOf(statement: ParsedStatement | undefined): string[] {
  const found: string[] = [];
  walkSyntax(statement?.node, ({ kind, fields }) => {
    // `relation` holds a table without saying so: its kind is its field's name.
    const parsed = named.safeParse(kind === "RangeVar" ? fields : fields.relation);
    if (parsed.success) found.push(parsed.data.relname);
    return true;
  });
  return found;
}
