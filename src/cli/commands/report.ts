import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { importPeer } from "../../core/import-peer.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import { formatReport } from "../report/format-report.js";
import { readReport } from "../report/read-report.js";
import { openReportFile } from "../report/report-file.js";
import { resolveTarget } from "../target.js";

/** The name of a file that means stdout. */
const STDOUT = "-";

/** `tenantry report`: everything that is known of the isolation of a database, on one page. */
export const reportCommand = defineCommand({
  name: "report",
  summary: "show on one HTML page how a database is isolated, and what proves it",
  example: "report --html report.html",
  options: [
    { flags: "--html <file>", description: "write the page to this file; - is stdout" },
    { flags: "--probe <where>", description: "what to attack: shadow (default), target or none" },
    { flags: "--runs <number>", description: "how many runs of the run log to show; default 20" },
    { flags: "--yes", description: "replace a file that is not a report" },
  ],
  input: z.object({
    html: z.string().min(1, "name a file, or - for stdout").optional(),
    probe: z.enum(["shadow", "target", "none"]).default("shadow"),
    runs: z.coerce.number().int().min(1).max(1000).default(20),
    yes: z.boolean().default(false),
  }),
  run: async (context, { html, probe, runs, yes }): Promise<Outcome> => {
    if (html === STDOUT && context.json) {
      throw new TenantryError({
        code: "argument-invalid",
        message: "--html - and --json both want stdout.",
        hint: "Name a file: tenantry report --json --html report.html",
      });
    }
    const file =
      html === undefined || html === STDOUT ? undefined : await openReportFile(context.directory, html, yes);
    // Before the attacks, which take a while.
    const renderReport = html === undefined ? undefined : await loadRenderer();
    const report = await readReport(context, { target: await resolveTarget(context), probe, runs });
    throwIfStopped(context.signal);
    const page = renderReport?.(report) ?? "";
    await file?.write(page);
    const exitCode = report.verdict.state === "isolated" ? 0 : 1;
    if (html === STDOUT) return { exitCode, data: null, text: page };
    const where = file === undefined ? "" : `\n\nWritten to ${file.path}`;
    return {
      exitCode,
      data: { ...report, file: file?.path ?? null },
      text: `${formatReport(report)}${where}`,
      // The text counts them, and the page explains them.
      ...(context.json ? { findings: report.findings.map(({ foundBy: _, ...finding }) => finding) } : {}),
      ...(context.json ? { warnings: report.warnings } : {}),
    };
  },
});

async function loadRenderer() {
  const peer = { name: "@dagrejs/dagre", neededTo: "lay out the page's diagram" };
  return (await importPeer(peer, () => import("../report/html/render-report.js"))).renderReport;
}
