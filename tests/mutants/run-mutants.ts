import type { Finding } from "../../src/core/finding.js";
import { findInCode } from "./layers/code-layer.js";
import { findByProbes, findInCatalog, readPlanted, withPlanted } from "./layers/database-layers.js";
import { findInSql } from "./layers/sql-layer.js";
import type { Layer, Mutant } from "./mutant.js";
import { shownTo } from "./mutant.js";
import type { BaseProject } from "./projects.js";

/** What each layer has found of a mutant that it does not find in the clean project; layers that did not look are left out. */
export type Verdict = {
  readonly mutant: Mutant;
  readonly found: Readonly<Partial<Record<Layer, readonly string[]>>>;
  /** It could not be planted: a fault of the mutant, never a kill. */
  readonly failure?: string;
};

/** Where the mutants of one project are planted. */
export type Ground = {
  readonly project: BaseProject;
  readonly workshop: string;
  /** The superuser's, of a database in which everything is undone again. */
  readonly url: URL;
};

type Found = Partial<Record<Layer, readonly Finding[]>>;

/** Plants each mutant in turn, and shows it to every layer that can look at its kind. */
export async function runMutants(ground: Ground, mutants: readonly Mutant[]): Promise<Verdict[]> {
  const clean = await findClean(ground);
  const known = new Map(
    Object.entries(clean).map(([layer, findings]) => [layer, new Set(findings.map(findingKey))]),
  );
  const verdicts: Verdict[] = [];
  for (const mutant of mutants) {
    try {
      const found = Object.entries(await look(ground, mutant)).map(([layer, findings]) => [
        layer,
        findings
          .filter((finding) => known.get(layer)?.has(findingKey(finding)) !== true)
          .map(({ rule, level, detail, subject }) => `${level}[${rule}] ${subject}: ${detail}`),
      ]);
      verdicts.push({ mutant, found: Object.fromEntries(found) });
    } catch (thrown) {
      verdicts.push({
        mutant,
        found: {},
        failure: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  }
  return verdicts;
}

/** What is found where nothing has been planted, layer by layer. */
export async function findClean({ project, workshop, url }: Ground): Promise<Found> {
  return {
    code: await findInCode(workshop, project),
    sql: await findInSql(project),
    ...(await lookAtDatabase(project, url, "", "all")),
  };
}

async function look({ project, workshop, url }: Ground, mutant: Mutant): Promise<Found> {
  const { plant } = mutant;
  if (plant.kind === "code") return { code: await findInCode(workshop, project, plant) };
  const migrations = plant.kind === "sql" ? plant.migrations : [plant.sql];
  return {
    ...(shownTo(mutant).includes("sql") ? { sql: await findInSql(project, migrations) } : {}),
    ...(await lookAtDatabase(
      project,
      url,
      migrations.join(";\n"),
      shownTo(mutant).includes("probe") ? mutant.threats : [],
    )),
  };
}

async function lookAtDatabase(
  project: BaseProject,
  url: URL,
  sql: string,
  attacks: "all" | readonly number[],
): Promise<Found> {
  return await withPlanted(url, sql, async (transaction) => {
    const catalog = await readPlanted(project, transaction);
    return {
      catalog: await findInCatalog(project, catalog),
      ...(attacks.length === 0
        ? {}
        : {
            probe: await findByProbes(project, catalog, transaction, attacks === "all" ? undefined : attacks),
          }),
    };
  });
}

function findingKey({ rule, level, subject, detail }: Finding): string {
  return JSON.stringify([rule, level, subject, detail]);
}
