import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, type as osType, version as osVersion, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import type { BenchProject } from "./bench-project.js";
import { copyOwnProject, generateMigrations, generateTables } from "./bench-project.js";
import type { Sample } from "./measure.js";
import { measure } from "./measure.js";
import { formatRow, replaceSection } from "./report.js";

const document = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const RUNS = 5;

/** One line of the table. The budgets are the design's, in milliseconds. */
type Row = { readonly what: string; readonly budget: number | undefined; readonly sample: Sample };

const rows: Row[] = [];
const load = loadavg();

async function measureIn(
  make: () => Promise<BenchProject>,
  use: (project: BenchProject) => Promise<void>,
): Promise<void> {
  const project = await make();
  try {
    await use(project);
  } finally {
    await project.remove();
  }
}

/** Written after each row: what has been measured stands, whatever comes after. */
async function note(what: string, budget: number | undefined, sample: Sample): Promise<void> {
  rows.push({ what, budget, sample });
  console.error(formatRow(what, budget, sample));
  const section = await describeRun();
  await writeFile(document, replaceSection(await readFile(document, "utf8"), "bench-check", section));
}

async function describeRun(): Promise<string> {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)}.`,
    `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${memory},`,
    `${osType()} ${release()} (${await readSystem()}), Node.js ${process.version}.`,
    `Load average before the first run ${load[0]?.toFixed(1)}, after the last ${loadavg()[0]?.toFixed(1)}.`,
    "",
    "| | median | fastest–slowest | runs | budget |",
    "|---|---|---|---|---|",
    ...rows.map(({ what, budget, sample }) => formatRow(what, budget, sample)),
  ].join("\n");
}

async function readSystem(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? osVersion();
}

await measureIn(copyOwnProject, async (project) => {
  const run = (...args: readonly string[]) => measure(RUNS, () => project.tenantry(...args));
  await note("`--version`, for comparison", undefined, await run("--version"));
  await note("`check`, this schema", 1000, await run("check"));
  const anew = await measure(RUNS, () => project.tenantry("check"), project.forgetResults);
  await note("`check`, this schema, nothing kept", undefined, anew);
  await project.tenantry("validate");
  await note("`validate`, warm: the server runs", 5000, await run("validate"));
});
await measureIn(copyOwnProject, async (project) => {
  await project.stageMistake();
  const staged = () => project.refused("check", "--staged", "--quiet");
  await note(
    "`check --staged`, a finding, nothing kept",
    1000,
    await measure(RUNS, staged, project.forgetResults),
  );
});
await measureIn(
  () => generateMigrations(300),
  async (project) => {
    await note("`check`, 300 migrations", 2000, await measure(RUNS, () => project.tenantry("check")));
  },
);
await measureIn(copyOwnProject, async (project) => {
  const cold = await measure(RUNS, () => project.tenantry("validate"), project.forgetServer);
  await note("`validate`, cold: no server, no data", undefined, cold);
});
for (const [count, budget] of [
  [50, undefined],
  [500, 3000],
] as const) {
  await measureIn(
    () => generateTables(count),
    async (project) => {
      await note(`\`check\`, ${count} tables`, budget, await measure(RUNS, () => project.tenantry("check")));
    },
  );
}
