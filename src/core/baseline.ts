import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { codeOf, TenantryError } from "./errors.js";
import type { Finding } from "./finding.js";

const entry = z.object({
  rule: z.string(),
  subject: z.string(),
  file: z.string().optional(),
  detail: z.string(),
  count: z.int().min(1).default(1),
});
const baselineSchema = z.object({ version: z.literal(1), findings: z.array(entry) });

/** A finding that was there before; without its line, so that it stays the same when lines move. */
export type BaselineEntry = z.output<typeof entry>;

/** What is left of some findings after those of a baseline have been taken out. */
export type BaselineResult = {
  readonly findings: readonly Finding[];
  readonly accepted: number;
  /** Entries of which there is nothing, or less, left. */
  readonly gone: readonly BaselineEntry[];
};

/** These say that something could not be judged: no baseline accepts them. */
const NEVER: ReadonlySet<string> = new Set(["rule-failed"]);

/**
 * Reads a baseline; undefined if there is no such file.
 *
 * @throws TenantryError `argument-invalid` if the file is something else.
 */
export async function readBaseline(path: string): Promise<readonly BaselineEntry[] | undefined> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  });
  if (text === undefined) return undefined;
  const parsed = baselineSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.findings;
  throw new TenantryError({
    code: "argument-invalid",
    message: `${path} is not a baseline.`,
    details: parsed.error.issues.map((issue) => `${issue.path.join(".") || "file"}: ${issue.message}`),
    hint: "Restore it from git, or delete it and let the next run write it again.",
  });
}

/** Writes the findings of a project as the ones to accept from now on. */
export async function writeBaseline(path: string, findings: readonly Finding[]): Promise<void> {
  const counted = new Map<string, BaselineEntry>();
  for (const finding of findings.filter(({ rule }) => !NEVER.has(rule))) {
    const key = keyOf(finding);
    const { rule, subject, file, detail } = finding;
    const count = (counted.get(key)?.count ?? 0) + 1;
    counted.set(key, { rule, subject, ...(file === undefined ? {} : { file }), detail, count });
  }
  const sorted = [...counted].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
  await writeFile(path, `${JSON.stringify({ version: 1, findings: sorted }, null, 2)}\n`);
}

/** Takes out the findings that a baseline accepts, each entry as often as it counts. */
export function applyBaseline(
  findings: readonly Finding[],
  baseline: readonly BaselineEntry[],
): BaselineResult {
  const left = new Map(baseline.map((each) => [keyOf(each), each.count]));
  const kept = findings.filter((finding) => {
    const key = keyOf(finding);
    const count = NEVER.has(finding.rule) ? 0 : (left.get(key) ?? 0);
    if (count === 0) return true;
    left.set(key, count - 1);
    return false;
  });
  return {
    findings: kept,
    accepted: findings.length - kept.length,
    gone: baseline.filter((each) => (left.get(keyOf(each)) ?? 0) > 0),
  };
}

type Keyed = Pick<Finding, "rule" | "subject" | "detail"> & { readonly file?: string | undefined };

function keyOf({ rule, subject, file, detail }: Keyed): string {
  return JSON.stringify([rule, subject, file ?? "", detail]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
