import { realpath } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { applyBaseline, readBaseline, writeBaseline } from "../../core/baseline.js";
import { countOf } from "../../core/count-of.js";
import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { hasErrors } from "../../core/finding.js";
import type { Repository } from "../../core/run-git.js";
import { findRepository } from "../../core/run-git.js";
import { checkStaged } from "../check/check-staged.js";
import { formatReport } from "../check/format-report.js";
import type { CheckReport } from "../check/run-check.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { formatFindingsGithub } from "../format-findings/github.js";
import { formatFindingsSarif } from "../format-findings/sarif.js";
import { formatJson } from "../output.js";
import { readPackageVersion } from "../package-version.js";
import { CONFIG_NAME } from "../project/project.js";

const input = z.object({
  /** Also an option of every command; its name is needed to find the same file in the index. */
  config: z.string().default(CONFIG_NAME),
  staged: z.boolean().default(false),
  baseline: z.string().min(1).optional(),
  format: z.enum(["text", "json", "sarif", "github"]).default("text"),
  base: z.string().min(1).optional(),
  services: z.array(z.string().min(1)).default([]),
  squawk: z.boolean().default(true),
});

type Input = z.output<typeof input>;

const NOTHING: CheckReport["checked"] = { tables: 0, migrations: 0, statements: 0 };

/** `tenantry check`: the code and the SQL, without a database. */
export const checkCommand = defineCommand({
  name: "check",
  summary: "judge the schema and the migrations, without a database",
  example: "check --format github",
  options: [
    { flags: "--staged", description: "what git has staged, from the index; for a pre-commit hook" },
    {
      flags: "--baseline <file>",
      values: "files",
      description: "accept the findings in this file; written if it is not there",
    },
    {
      flags: "--format <format>",
      values: ["text", "json", "sarif", "github"],
      description: "text, json, sarif or github",
    },
    { flags: "--base <ref>", description: "what counts as merged; default: where the main branch was left" },
    {
      flags: "--services <pattern>",
      description: "code of services to check, such as src/**/*.ts",
      repeatable: true,
    },
    { flags: "--no-squawk", description: "do not look for locks" },
  ],
  exits: { 0: "no errors; warnings may be there", 1: "errors" },
  input,
  run: async (context, options) => {
    const directory = await realpath(context.directory).catch(() => context.directory);
    const repository = await findRepository(directory, context.variables);
    const report = options.staged
      ? await checkIndex(options, directory, repository)
      : await checkWorkTree(context, options, directory, repository);
    if (report === undefined) {
      const nothing = { findings: [], warnings: [], exceptions: [], checked: NOTHING };
      const text =
        options.format === "text"
          ? "Nothing is staged that is to be checked."
          : formatAs(options.format, nothing, { accepted: 0, prefix: "" });
      return { exitCode: 0, data: { checked: NOTHING }, text, findings: [] };
    }
    return await conclude(
      context,
      options,
      report,
      repository === undefined ? "" : relative(repository.root, directory),
    );
  },
});

async function checkWorkTree(
  context: Context,
  { base, services, squawk }: Input,
  directory: string,
  repository: Repository | undefined,
): Promise<CheckReport> {
  const [project, { runCheck }] = await Promise.all([context.loadProject(), import("../check/run-check.js")]);
  return await runCheck({
    project,
    repository: repository === undefined ? undefined : { of: repository, directory },
    base,
    servicePaths: services,
    squawk,
    compare: true,
  });
}

async function checkIndex(
  { base, services, squawk, config }: Input,
  directory: string,
  repository: Repository | undefined,
): Promise<CheckReport | undefined> {
  if (repository === undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${directory} is not in a git repository, so nothing is staged there.`,
      hint: "Leave out --staged to check the files as they are.",
    });
  }
  return await checkStaged({
    repository,
    directory,
    configPath: join(directory, basename(config)),
    base,
    servicePaths: services,
    squawk,
  });
}

/** Takes out what the baseline accepts, and puts the rest into the form that was asked for. */
async function conclude(
  context: Context,
  { baseline, format }: Input,
  report: CheckReport,
  prefix: string,
): Promise<Outcome> {
  const path = baseline === undefined ? undefined : resolve(context.directory, baseline);
  const entries = path === undefined ? undefined : await readBaseline(path);
  if (path !== undefined && entries === undefined) {
    await writeBaseline(path, report.findings);
    const text = `Wrote ${baseline}: ${countOf(report.findings.length, "finding")} accepted. From now on only new ones count.`;
    return { exitCode: 0, data: { baseline: path, accepted: report.findings.length }, text };
  }
  const { findings, accepted, gone } = applyBaseline(report.findings, entries ?? []);
  const warnings = [
    ...report.warnings,
    ...gone.map(
      ({ rule, subject, file }) =>
        `${baseline} accepts ${rule} of ${subject}${file === undefined ? "" : ` in ${file}`}, which is not found any more: delete the entry`,
    ),
  ];
  const left = { ...report, findings, warnings };
  return {
    exitCode: hasErrors(findings) ? 1 : 0,
    data: { checked: report.checked, exceptions: report.exceptions, accepted },
    warnings,
    ...(context.json ? { findings } : { text: formatAs(format, left, { accepted, prefix }) }),
  };
}

type Presentation = { readonly accepted: number; readonly prefix: string };

function formatAs(format: Input["format"], report: CheckReport, how: Presentation): string {
  // Those who read these formats take paths from the top of the repository.
  const fromTop = (finding: Finding): Finding =>
    finding.file === undefined
      ? finding
      : { ...finding, file: join(how.prefix, finding.file).split(sep).join("/") };
  switch (format) {
    case "text":
      return formatReport(report, how.accepted);
    case "json":
      return formatJson("check", {
        exitCode: hasErrors(report.findings) ? 1 : 0,
        data: { checked: report.checked, exceptions: report.exceptions, accepted: how.accepted },
        findings: report.findings,
        warnings: report.warnings,
      });
    case "github":
      return formatFindingsGithub(report.findings.map(fromTop));
    case "sarif":
      return formatFindingsSarif(report.findings.map(fromTop), { version: readPackageVersion() });
  }
}
