import { relative, sep } from "node:path";
import { z } from "zod";
import type { Finding } from "../../core/finding.js";
import { hasErrors } from "../../core/finding.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { inspectFolder } from "../../migrate/folder/read-folder.js";
import { readParents } from "../../migrate/folder/read-parents.js";
import type { HeadConflict, HeadsJudgement } from "../../migrate/heads/find-head-conflicts.js";
import { describeConflict } from "../../migrate/heads/require-heads-agree.js";
import { readGraph } from "../../migrate/plan/migration-graph.js";
import { orderMigrations } from "../../migrate/plan/order-migrations.js";
import { defineCommand } from "../command.js";
import { formatHeads } from "../format-heads.js";
import { describeUnjudged, judgeHeads } from "../proof/judge-heads.js";

/** `tenantry heads`: the graph of the migrations, and whether its branches go together. */
export const headsCommand = defineCommand({
  name: "heads",
  summary: "show the graph of the migrations, and whether its branches go together",
  example: "heads --json",
  options: [{ flags: "--all", description: "draw every migration, also of long rows" }],
  variables: ["SHADOW_DATABASE_URL", "CI"],
  input: z.object({ all: z.boolean().default(false) }),
  run: async (context, { all }) => {
    const project = await context.loadProject();
    const { layout, migrations: read, problems } = await inspectFolder(project.out);
    const { migrations, problems: snapshots } = await readParents(read);
    const judgement = await judgeHeads(context, project, migrations);
    const ordered = orderMigrations(migrations);
    const graph = { ...readGraph(ordered), names: ordered.map(({ name }) => name) };
    const show = (file: string) => relative(project.directory, file).split(sep).join("/");
    const findings = [
      ...[...problems, ...snapshots].map(
        (finding): Finding =>
          finding.file === undefined ? finding : { ...finding, file: show(finding.file) },
      ),
      ...judgement.conflicts.map((conflict) => toFinding(conflict, ordered, show)),
    ];
    return {
      exitCode: hasErrors(findings) ? 1 : 0,
      data: {
        layout,
        migrations: ordered.map(({ name, parents }) => ({ name, parents: parents ?? null })),
        heads: graph.heads,
        conflicts: judgement.conflicts,
        unjudged: judgement.unjudged,
      },
      text: [formatHeads(graph, all), summarize(judgement)].filter((part) => part !== "").join("\n\n"),
      findings,
      warnings: describeUnjudged(judgement),
    };
  },
});

function toFinding(
  conflict: HeadConflict,
  migrations: readonly Migration[],
  show: (file: string) => string,
): Finding {
  const file = migrations.find(({ name }) => name === conflict.migrations[1])?.file;
  return {
    rule: "heads-conflict",
    level: "error",
    subject: "migrations",
    ...(file === undefined ? {} : { file: show(file) }),
    detail: `two branches of migrations do not go together: ${describeConflict(conflict)}`,
    fix: "Take one branch, delete the migrations of the other that no shared database has run, and create them anew.",
  };
}

function summarize({ heads, conflicts, unjudged }: HeadsJudgement): string {
  if (heads.length === 0) return "There is no migration yet.";
  if (heads.length === 1) return "One head: there is nothing to join.";
  if (conflicts.length > 0) return `${heads.length} heads, which do not go together.`;
  if (unjudged.length > 0) return `${heads.length} heads.`;
  return `${heads.length} heads, which go together: both orders lead to the same. The next "tenantry create" joins them.`;
}
