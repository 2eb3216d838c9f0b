import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import { TenantryError } from "../../core/errors.js";
import { hasErrors } from "../../core/finding.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { summarizeFindings } from "../format-findings/text.js";
import { applyRepairs, formatRepairs } from "../proof/apply-repairs.js";
import { formatMatrix } from "../proof/format-matrix.js";
import { runVerify } from "../proof/run-verify.js";
import { createStepTimer } from "../proof/step-timer.js";
import type { Target } from "../target.js";
import { resolveTarget } from "../target.js";

/** `tenantry verify`: a live database, judged, and on demand attacked and repaired. */
export const verifyCommand = defineCommand({
  name: "verify",
  summary: "judge a live database; attack it with --probe, restore it with --repair",
  example: "verify --probe",
  options: [
    { flags: "--probe", description: "attack every table, in a transaction that is rolled back" },
    { flags: "--repair", description: "print the SQL that restores what the completion made" },
    { flags: "--yes", description: "with --repair: apply it" },
  ],
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL"],
  exits: { 0: "no errors; warnings may be there", 1: "errors" },
  input: z.object({
    probe: z.boolean().default(false),
    repair: z.boolean().default(false),
    yes: z.boolean().default(false),
  }),
  run: async (context, { probe, repair, yes }) => {
    if (yes && !repair) {
      throw new TenantryError({
        code: "argument-invalid",
        message: "--yes is given without --repair.",
        hint: "Write --repair --yes to restore what the completion made.",
      });
    }
    const target = await resolveTarget(context);
    const applied = yes ? await repairTarget(context, target) : undefined;
    const timer = createStepTimer(context.logger);
    const verification = await timer.step("in all", () => runVerify(context, timer, { target, probe }));
    const { findings, repairs, probes, services, comparedWith } = verification;
    const state = findings.length === 0 ? "no findings" : summarizeFindings(findings);
    const outcome: Outcome = {
      exitCode: hasErrors(findings) ? 1 : 0,
      data: {
        comparedWith,
        services,
        repairs: (applied ?? repairs).map(({ key, why, statements }) => ({ key, why, statements })),
        repaired: applied !== undefined,
        probes: probes === undefined ? null : { matrix: probes.matrix, notProbed: probes.notProbed },
        milliseconds: timer.timings(),
      },
      findings,
    };
    // The script alone, so that it can be piped into psql.
    if (repair && !yes) return { ...outcome, ...printRepairs(context, formatRepairs(repairs)) };
    const done =
      applied === undefined
        ? `Verified: ${state}. ${countOf(services.length, "login")} ${services.length === 1 ? "acts as a service" : "act as services"}.`
        : `Repaired ${countOf(applied.length, "thing")}; now ${state}.`;
    return { ...outcome, text: probes === undefined ? done : `${formatMatrix(probes)}\n\n${done}` };
  },
});

async function repairTarget(context: Context, target: Target) {
  const { expected } = await (await context.loadProject()).loadSchema();
  return await withDatabase(target.url, target.connect, (database) => applyRepairs(database, expected));
}

function printRepairs(context: Context, script: string): Partial<Outcome> {
  if (context.json) return {};
  if (script === "") return { text: "-- nothing to repair" };
  return { text: script, findings: [], warnings: ["nothing was changed; --repair --yes applies it"] };
}
