import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import { hasErrors } from "../../core/finding.js";
import { defineCommand } from "../command.js";
import { summarizeFindings } from "../format-findings/text.js";
import { formatMatrix } from "../proof/format-matrix.js";
import { runValidate } from "../proof/run-validate.js";
import { createStepTimer } from "../proof/step-timer.js";

/** `tenantry validate`: the migrations, rehearsed on a shadow and attacked there. */
export const validateCommand = defineCommand({
  name: "validate",
  summary: "rehearse the migrations on a shadow, judge the result, and attack it",
  example: "validate --json",
  options: [{ flags: "--no-probe", description: "do not attack the tables" }],
  variables: ["SHADOW_DATABASE_URL", "CI"],
  exits: { 0: "no errors; warnings may be there", 1: "errors" },
  input: z.object({ probe: z.boolean().default(true) }),
  run: async (context, { probe }) => {
    const timer = createStepTimer(context.logger);
    const validation = await timer.step("in all", () => runValidate(context, timer, { probe }));
    const { findings, probes, tables, migrations } = validation;
    const done = `Rehearsed ${countOf(migrations, "migration")}: ${countOf(tables, "table")}, ${
      findings.length === 0 ? "no findings" : summarizeFindings(findings)
    }.`;
    return {
      exitCode: hasErrors(findings) ? 1 : 0,
      data: {
        tables,
        migrations,
        probes: probes === undefined ? null : { matrix: probes.matrix, notProbed: probes.notProbed },
        milliseconds: timer.timings(),
      },
      text: probes === undefined ? done : `${formatMatrix(probes)}\n\n${done}`,
      findings,
    };
  },
});
