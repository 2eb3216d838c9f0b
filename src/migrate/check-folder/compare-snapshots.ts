import { stripVTControlCharacters } from "node:util";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { messageOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";

/** What is compared. Paths are absolute. */
export type SnapshotComparison = {
  readonly schemaFiles: readonly string[];
  readonly out: string;
  /** A path as findings are to show it. */
  readonly show: (path: string) => string;
};

/** drizzle-kit's judgement of schema and snapshots. */
export type SnapshotJudgement = {
  readonly findings: readonly Finding[];
  /** Why it could not judge, or what it has to say besides. */
  readonly warnings: readonly string[];
};

/**
 * drizzle-kit takes a second to load: in a thread of its own it does so beside the other checks. There it may also print
 * to the console, and end the process, as it does on a schema that it cannot take.
 */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.module)
  .then(({ check }) => check(workerData.options))
  .then((answer) => parentPort.postMessage(answer), (thrown) => parentPort.postMessage({ status: "failed", message: String(thrown) }))
`;

const answerSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("ok"),
    warnings: z.array(z.object({ kind: z.string(), message: z.string() })).optional(),
  }),
  z.object({
    status: z.literal("error"),
    error: z.looseObject({
      code: z.string(),
      kind: z.string().optional(),
      snapshot: z.string().optional(),
      details: z.array(z.unknown()).optional(),
    }),
  }),
  z.object({ status: z.literal("failed"), message: z.string() }),
]);

type Answer = z.output<typeof answerSchema>;

/** Asks drizzle-kit whether the migrations lead to the schema, and whether branches of migrations go together. */
export async function compareSnapshots(comparison: SnapshotComparison): Promise<SnapshotJudgement> {
  const module = resolveDrizzleKit();
  if (module === undefined) {
    return silent("drizzle-kit is not installed, so the schema was not compared with the migrations");
  }
  const options = { dialect: "postgresql", schema: [...comparison.schemaFiles], out: comparison.out };
  const answer = await runWorker({ module, options });
  if (answer === undefined) {
    return silent("drizzle-kit ended without an answer, so the schema was not compared with the migrations");
  }
  switch (answer.status) {
    case "failed":
      return silent(`drizzle-kit could not compare the schema with the migrations: ${answer.message}`);
    case "ok":
      return judgeWarnings(answer.warnings ?? [], comparison);
    case "error":
      return judgeError(answer.error, comparison);
  }
}

function silent(warning: string): SnapshotJudgement {
  return { findings: [], warnings: [warning] };
}

function judgeWarnings(
  warnings: readonly { readonly kind: string; readonly message: string }[],
  comparison: SnapshotComparison,
): SnapshotJudgement {
  const changed = warnings.some(({ kind }) => kind === "schema_changed");
  const [file] = comparison.schemaFiles;
  return {
    findings: changed
      ? [
          {
            rule: "schema-changed",
            level: "warning",
            subject: "schema",
            ...(file === undefined ? {} : { file: comparison.show(file) }),
            detail: "the schema is not what the migrations lead to",
            fix: 'Run "tenantry create NAME": it writes the migration that is missing.',
          },
        ]
      : [],
    warnings: warnings
      .filter(({ kind }) => kind !== "schema_changed")
      .map(({ kind, message }) =>
        kind === "merge_needed"
          ? "several migrations have no successor; the next one will join them"
          : oneLine(message),
      ),
  };
}

const branch = z.object({ leafPath: z.string().nullable(), statementDescription: z.string() });
const conflict = z.object({ branches: z.array(branch) });

function judgeError(
  error: Extract<Answer, { status: "error" }>["error"],
  comparison: SnapshotComparison,
): SnapshotJudgement {
  if (error.code !== "check_error" || error.kind !== "conflicts") {
    // A folder whose snapshots are broken has findings of its own.
    return silent(
      `drizzle-kit could not compare the schema with the migrations (${[error.code, error.kind].filter(Boolean).join(", ")})`,
    );
  }
  const conflicts = (error.details ?? []).flatMap((detail) => {
    const parsed = conflict.safeParse(detail);
    return parsed.success ? [parsed.data.branches] : [];
  });
  return {
    warnings: [],
    findings: (conflicts.length === 0 ? [[]] : conflicts).map((branches) => {
      const path = branches.findLast(({ leafPath }) => leafPath !== null)?.leafPath;
      return {
        rule: "heads-conflict",
        level: "error",
        subject: "migrations",
        ...(path === undefined || path === null ? {} : { file: comparison.show(path) }),
        detail: `two branches of migrations do not go together: ${branches.map((each) => oneLine(each.statementDescription)).join(" against ")}`,
        fix: "Take one branch, delete the migrations of the other that no shared database has run, and create them anew.",
      };
    }),
  };
}

function resolveDrizzleKit(): string | undefined {
  try {
    return import.meta.resolve("drizzle-kit/cli");
  } catch {
    return undefined;
  }
}

function runWorker(workerData: unknown): Promise<Answer | undefined> {
  return new Promise((settle) => {
    const worker = new Worker(PROGRAM, { eval: true, workerData, stdout: true, stderr: true });
    worker.once("message", (message: unknown) => {
      const parsed = answerSchema.safeParse(message);
      settle(parsed.success ? parsed.data : undefined);
      void worker.terminate();
    });
    worker.once("error", (thrown) => settle({ status: "failed", message: messageOf(thrown) }));
    worker.once("exit", () => settle(undefined));
  });
}

function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ").trim();
}
