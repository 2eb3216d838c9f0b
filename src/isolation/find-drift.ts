import type { Difference } from "../catalog/diff-catalogs.js";
import type { Finding } from "../core/finding.js";
import { completeDifferences } from "./completion.js";
import { demandSql, listDemands } from "./demands.js";
import type { Expected } from "./expected.js";
import type { Repair } from "./repair/find-repairs.js";

/** What the code and the folder's result, or a live database, do not agree about; with the SQL that closes it. */
export function findDrift(expected: Expected, differences: readonly Difference[]): Finding[] {
  const demands = listDemands(expected);
  const byKey = new Map(demands.map((demand) => [demand.key, demand]));
  const left = new Set(completeDifferences(expected, demands, differences).left.map(({ key }) => key));
  const whole = wholeRelations(differences);
  return differences.flatMap((difference): Finding[] => {
    const { key, subject, demanded, actual, removal } = difference;
    const isWhole = RELATION.test(key);
    if (whole.has(subject) && !isWhole) return [];
    const demand = byKey.get(key);
    const sql =
      demanded === undefined
        ? removal
        : actual === undefined
          ? demand?.make.join("; ")
          : demand && demandSql(demand).join("; ");
    const isClosable = !left.has(key) && sql !== undefined;
    return [
      {
        rule: "drift",
        level: demanded === undefined && !isStructure(key) && !isClosable ? "warning" : "error",
        subject,
        detail: `${key}: ${describe(difference)}`,
        fix: isClosable ? `${sql};` : fixOf(key, demanded === undefined),
      },
    ];
  });
}

/** The same where there was no shadow to compare with. */
export function repairFindings(repairs: readonly Repair[]): Finding[] {
  return repairs.map(({ key, why, statements }) => ({
    rule: "drift",
    level: "error",
    subject: subjectOf(key),
    detail: `${key}: ${why === "different" ? "not as the schema demands it" : why}`,
    fix: `${statements.join("; ")};`,
  }));
}

const RELATION = /^(table|partitioned table|view|materialized view|foreign table) /;

/** Tables and columns that nobody declares are drift; an index or a constraint may well be a migration's own. */
function isStructure(key: string): boolean {
  return RELATION.test(key) || key.startsWith("column ") || key.startsWith("enum ");
}

/** A relation that is missing, or is there and unknown, says all that its columns would. */
function wholeRelations(differences: readonly Difference[]): ReadonlySet<string> {
  return new Set(
    differences
      .filter(
        ({ key, demanded, actual }) => RELATION.test(key) && (demanded === undefined || actual === undefined),
      )
      .map(({ subject }) => subject),
  );
}

function describe({ demanded, actual }: Difference): string {
  if (demanded === undefined) return "the schema does not know it";
  return actual === undefined ? "missing" : "not as the schema demands it";
}

function fixOf(key: string, isUnknown: boolean): string {
  if (!isUnknown || isStructure(key))
    return 'Run "tenantry create NAME": it writes the migration between them.';
  return "Declare it in the schema, or drop it in a migration.";
}

function subjectOf(key: string): string {
  const place = / (?:on|of) (.+?)(?: to |$)/.exec(` ${key}`)?.[1] ?? key;
  return place.replace(/^"public"\./, "").replaceAll('"', "");
}
