import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { defineTenancy } from "../../src/rls/define-tenancy.js";
import { dropTemplates } from "../../src/testing/index.js";
import { createTestDatabase, serverUrl } from "../support/databases.js";
import { MUTANTS } from "./all-mutants.js";
import { formatJudgement } from "./format-judgement.js";
import { judgeVerdicts } from "./judge-verdicts.js";
import { makeWorkshop } from "./layers/code-layer.js";
import type { ProjectName } from "./mutant.js";
import { readBaseProject } from "./projects.js";
import { findClean, type Ground, runMutants, type Verdict } from "./run-mutants.js";
import { SURVIVORS } from "./survivors.js";

const workshop = await makeWorkshop();
afterAll(workshop.remove);

async function makeGround(name: ProjectName): Promise<Ground> {
  const project = await readBaseProject(name);
  const { migrationsFolder, settings } = project;
  const { roles } = settings;
  const database = await createTestDatabase({ migrationsFolder, tenancy: defineTenancy(settings) });
  if (name === "other") {
    // Nobody else has its roles, and they belong to the whole server.
    afterAll(async () => {
      await database.drop();
      await dropTemplates({ serverUrl, migrationsFolder });
      await withDatabase(new URL(serverUrl), {}, async (server) => {
        for (const role of Object.values(roles)) await server.unsafe(`drop role ${quoteIdentifier(role)}`);
      });
    });
  }
  return { project, workshop: workshop.path, url: database.adminUrl };
}

describe("planted faults", () => {
  const verdicts: Verdict[] = [];

  describe.each(["own", "other"] as const)("in the %s schema", (name) => {
    let ground: Ground;
    beforeAll(async () => {
      ground = await makeGround(name);
    });

    it("stand out from a project in which nothing is found", async () => {
      for (const findings of Object.values(await findClean(ground))) expect(findings).toEqual([]);
    });

    it("are planted", async () => {
      const mutants = MUTANTS.filter(({ project }) => project === name);
      verdicts.push(...(await runMutants(ground, mutants)));
    }, 300_000);
  });

  it("are found by each layer that can see them, and near-misses by none", () => {
    const judgement = judgeVerdicts(verdicts, SURVIVORS);
    console.log(`\n${formatJudgement(judgement, SURVIVORS)}\n`);
    expect(judgement.problems).toEqual([]);
  });
});
