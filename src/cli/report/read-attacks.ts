import type { Catalog } from "../../catalog/catalog.js";
import { TenantryError } from "../../core/errors.js";
import { probeDatabase } from "../../isolation/probes/probe-database.js";
import type { ProbeReport } from "../../isolation/probes/probe-report.js";
import { PROBES } from "../../isolation/probes/probes.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import { runValidate } from "../proof/run-validate.js";
import type { ComparisonPlace } from "../proof/run-verify.js";
import { resolveShadowServer } from "../target.js";
import type { FindingSource } from "./merge-findings.js";
import type { Attacks } from "./report.js";

/** Where to attack. */
export type AttackPlace = "shadow" | "target" | "none";

/** The attacks, and what they and the rehearsal have found. */
export type ReadAttacks = {
  readonly attacks: Attacks;
  readonly sources: readonly FindingSource[];
};

/**
 * Attacks the target itself, as `verify --probe` does, or what the migrations make of a shadow, as `validate` does.
 *
 * @throws TenantryError `argument-invalid` if nothing is to be attacked or there is no shadow, and as `runValidate` and
 * `probeDatabase`.
 */
export async function readAttacks(
  place: ComparisonPlace,
  on: AttackPlace,
  database: Database,
  catalog: Catalog,
): Promise<ReadAttacks> {
  const { context, expected, timer } = place;
  if (on === "none") {
    throw new TenantryError({ code: "argument-invalid", message: "No attack was asked for (--probe none)." });
  }
  if (on === "target") {
    const { logger, signal } = context;
    const probes = await timer.step("probes", () =>
      probeDatabase({ database, expected, catalog, signal, logger }),
    );
    const { version } = await readServerFacts(database);
    return {
      attacks: describe(probes, on, version),
      sources: [{ by: "attacks", findings: probes.findings }],
    };
  }
  const validation = await runValidate(context, timer, { probe: true });
  const { probes, findings } = validation;
  if (probes === undefined) throw new Error("validate was asked to attack, and has not");
  const server = await resolveShadowServer(context);
  const { version } = await withDatabase(server, { urlName: "SHADOW_DATABASE_URL" }, readServerFacts);
  const attacks = new Set(probes.findings);
  return {
    attacks: describe(probes, on, version),
    sources: [
      { by: "attacks", findings: probes.findings },
      { by: "rehearsal", findings: findings.filter((finding) => !attacks.has(finding)) },
    ],
  };
}

function describe(probes: ProbeReport, on: Attacks["on"], server: string): Attacks {
  const { matrix, milliseconds, notProbed, results } = probes;
  const tried = new Set(results.map(({ probe }) => probe));
  return {
    on,
    server,
    matrix,
    milliseconds,
    notProbed,
    probes: PROBES.filter(({ id }) => tried.has(id)).map(({ id, title }) => ({ id, title })),
  };
}
