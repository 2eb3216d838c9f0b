import { expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { auditCatalog } from "../../src/isolation/audit.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { createJudge } from "../../src/isolation/create-judge.js";
import { readExpected } from "../../src/isolation/expected.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import { createTestDatabase } from "../support/databases.js";

const expected = readExpected(parseTenancySettings({}), schema);

it("tells whoever judges migrations to complete them, and whoever judges a live database to repair it", async () => {
  const { admin } = await createTestDatabase();
  await admin`alter table documents no force row level security`;
  const { findings } = await (await createJudge(expected))(admin);
  const [{ fix = "" } = {}] = findings;
  expect(findings).toHaveLength(1);
  expect(fix).not.toContain("--repair");
  const catalog = await readCatalog(admin, catalogScope(expected));
  const live = auditCatalog({ expected, catalog, analysis: await loadPolicyAnalysis(expected.settings) });
  expect(live.map((finding) => finding.fix)).toEqual([expect.stringContaining("verify --repair")]);
  // The statement that it names is the one that closes it.
  await admin.unsafe(/^Complete the migration: (.+); or run/.exec(fix)?.[1] ?? "");
  expect((await (await createJudge(expected))(admin)).findings).toEqual([]);
});
