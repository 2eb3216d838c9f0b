import { stripVTControlCharacters } from "node:util";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { codeOf, messageOf } from "../../core/errors.js";
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
  .then((answer) => parentPort.postMessage(answer))
  .catch((thrown) => parentPort.postMessage({ status: "failed", message: thrown?.message ?? String(thrown) }));
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

/** Where drizzle-kit is: a module to import, or why there is none. */
export type DrizzleKitModule =
  | { readonly status: "found"; readonly url: string }
  | { readonly status: "absent" }
  | { readonly status: "unusable"; readonly reason: string };

/**
 * Asks drizzle-kit whether the migrations lead to the schema, and whether branches of migrations go together. If it is
 * installed and does not answer, or not in a way that can be understood, that is an error: nothing was compared.
 *
 * @param kit only tests give another.
 */
export async function compareSnapshots(
  comparison: SnapshotComparison,
  kit: DrizzleKitModule = resolveDrizzleKit(),
): Promise<SnapshotJudgement> {
  if (kit.status === "absent") {
    const warning = "drizzle-kit is not installed, so the schema was not compared with the migrations";
    return { findings: [], warnings: [warning] };
  }
  if (kit.status === "unusable") return notCompared(kit.reason);
  const options = { dialect: "postgresql", schema: [...comparison.schemaFiles], out: comparison.out };
  const answer = await runWorker({ module: kit.url, options });
  switch (answer.status) {
    case "failed":
      return notCompared(answer.message);
    case "ok":
      return judgeWarnings(answer.warnings ?? [], comparison);
    case "error":
      return judgeError(answer.error, comparison);
  }
}

/** What was not compared may be anything: it must not pass. */
function notCompared(reason: string, file?: string): SnapshotJudgement {
  return {
    findings: [
      {
        rule: "rule-failed",
        level: "error",
        subject: "schema-changed",
        ...(file === undefined ? {} : { file }),
        detail: `drizzle-kit could not compare the schema with the migrations: ${oneLine(reason)}`,
        fix: 'Run "tenantry create NAME --dry-run": it says more about what drizzle-kit cannot take.',
      },
    ],
    warnings: [],
  };
}

function judgeWarnings(
  warnings: readonly { readonly kind: string; readonly message: string }[],
  comparison: SnapshotComparison,
): SnapshotJudgement {
  const failed = warnings.find(({ kind }) => kind === "not_compared");
  if (failed !== undefined) return notCompared(failed.message);
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
    const what = [error.code, error.kind].filter(Boolean).join(", ");
    return notCompared(what, error.snapshot === undefined ? undefined : comparison.show(error.snapshot));
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

/** Looks where drizzle-kit is. */
export function resolveDrizzleKit(): DrizzleKitModule {
  try {
    return { status: "found", url: import.meta.resolve("drizzle-kit/cli") };
  } catch (thrown) {
    // An older drizzle-kit is there, and has no such entry.
    if (codeOf(thrown) !== "ERR_MODULE_NOT_FOUND") return { status: "unusable", reason: messageOf(thrown) };
    return { status: "absent" };
  }
}

function runWorker(workerData: unknown): Promise<Answer> {
  return new Promise((settle) => {
    const worker = new Worker(PROGRAM, { eval: true, workerData, stdout: true, stderr: true });
    const fail = (message: string) => settle({ status: "failed", message });
    worker.once("message", (message: unknown) => {
      const parsed = answerSchema.safeParse(message);
      if (parsed.success) settle(parsed.data);
      else fail("its answer has a form that is not known");
      void worker.terminate();
    });
    worker.once("messageerror", (thrown) => fail(messageOf(thrown)));
    worker.once("error", (thrown) => fail(messageOf(thrown)));
    worker.once("exit", () => fail("it ended without an answer"));
  });
}

function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ").trim();
}
