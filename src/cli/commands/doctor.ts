import { z } from "zod";
import { defineCommand } from "../command.js";
import { CHECKS } from "../doctor/checks.js";
import { withExamination } from "../doctor/examination.js";
import { formatDiagnoses, tallyDiagnoses } from "../doctor/format-diagnoses.js";
import { runChecks } from "../doctor/run-checks.js";
import { createPaint } from "../paint.js";

/** `tenantry doctor`: what is wrong with this set-up, and what to do about it. */
export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "look for whatever is wrong with this set-up, and say what to do; changes nothing",
  example: "doctor",
  options: [],
  // An option of every command. Here a wrong one is something to tell.
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL", "SERVICE_DATABASE_URL", "REDIS_URL", "PATH"],
  exits: { 0: "no problem; there may be warnings", 1: "problems" },
  input: z.object({ env: z.string().optional() }),
  anyEnvironment: true,
  run: async (context, { env }) => {
    const checks = await withExamination(context, env, (examination) => runChecks(CHECKS, examination));
    const tally = tallyDiagnoses(checks);
    return {
      exitCode: tally.problem === 0 ? 0 : 1,
      data: { checks, tally },
      text: formatDiagnoses(checks, createPaint(context.colour)),
    };
  },
});
