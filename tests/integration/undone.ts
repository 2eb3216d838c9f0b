import { expect } from "vitest";
import * as schema from "../../schema/index.js";
import type { Transaction } from "../../src/catalog/grants-json.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import type { Finding } from "../../src/core/finding.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { auditCatalog } from "../../src/isolation/audit.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { readExpected } from "../../src/isolation/expected.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";

/** A fault of a live database that a rule must find, once, and not when it is mended. */
export type RuleCase = {
  readonly rule: string;
  /** What is planted, in a few words. */
  readonly what: string;
  /** `$login` is the database's service login, `$db` the database, `$other` another role of this case. */
  readonly breaks: string;
  readonly finding: { readonly subject: string; readonly level?: "warning" };
  /** The SQL that mends it; `fix` runs what the finding says itself. */
  readonly fixes: string;
  /** What looks alike and is no leak; set up, judged, and taken down again with the database. */
  readonly silent?: string;
};

/** A transaction of an administrator in which a case is planted and judged. */
export type Place = {
  readonly fill: (text: string) => string;
  readonly run: (sql: string) => Promise<readonly Record<string, unknown>[]>;
  readonly find: () => Promise<Finding[]>;
};

/** Runs a case and takes it back. */
export type Undone = (use: (place: Place) => Promise<void>) => Promise<void>;

const settings = parseTenancySettings({});
const expected = readExpected(settings, schema);
const UNDO = new Error("undone");

/** A database of its own. Roles belong to the whole server, and other tests judge it at this moment: nothing is ever committed. */
export async function prepareUndone(): Promise<{ undone: Undone; database: TestDatabase }> {
  const analysis = await loadPolicyAnalysis(settings);
  const database = await createTestDatabase();
  const audit = async (session: Transaction) => {
    const catalog = await readCatalog(session, catalogScope(expected));
    // Other tests, at this moment, have logins of their own in the tenant role.
    const ours = catalog.around.memberships.filter(
      ({ member, role }) =>
        role !== settings.roles.tenant ||
        member === database.name ||
        member.startsWith(`other_${database.name}`),
    );
    return auditCatalog({
      expected,
      analysis,
      catalog: { ...catalog, around: { ...catalog.around, memberships: ours } },
    });
  };
  const fill = (text: string) =>
    text
      .replaceAll("$other", `other_${database.name}`)
      .replaceAll("$login", database.name)
      .replaceAll("$db", database.name);
  const undone: Undone = async (use) => {
    await database.admin
      .begin(async (session) => {
        const run = async (sql: string) => await session.unsafe(fill(sql));
        await use({ fill, run, find: () => audit(session) });
        throw UNDO;
      })
      .catch((thrown: unknown) => {
        if (thrown !== UNDO) throw thrown;
      });
  };
  return { undone, database };
}

/** Plants the fault, expects one finding, mends it, and expects none. */
export async function expectFoundOnce(one: RuleCase, { run, find, fill }: Place): Promise<void> {
  await run(one.breaks);
  const found = await find();
  expect(found).toEqual([
    expect.objectContaining({
      rule: one.rule,
      level: one.finding.level ?? "error",
      subject: fill(one.finding.subject),
    }),
  ]);
  await run(one.fixes === "fix" ? (found[0]?.fix ?? "") : one.fixes);
  expect(await find()).toEqual([]);
}
