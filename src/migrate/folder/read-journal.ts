import { readFileSync } from "node:fs";
import { z } from "zod";
import { messageOf, TenantryError } from "../../core/errors.js";

/** The versions of drizzle-kit 0.x; an entry has a version too, that of its snapshot, which nobody needs here. */
const VERSIONS: readonly string[] = ["4", "5", "6", "7"];

const DIALECTS: readonly string[] = ["postgresql", "pg"];

const journalSchema = z.object({
  version: z.union([z.string(), z.number()]).transform(String),
  dialect: z.string(),
  entries: z.array(
    z.object({
      idx: z.int(),
      /** Milliseconds since 1970, to the end of the year 9999. */
      when: z.int().min(0).max(253_402_300_799_999),
      tag: z.string().min(1),
      /** Without them a file is one piece; a file that has none is one in any case. */
      breakpoints: z.boolean().default(true),
    }),
  ),
});

/** One migration in the journal. */
export type JournalEntry = z.output<typeof journalSchema>["entries"][number];

/**
 * Reads `meta/_journal.json`.
 *
 * @throws TenantryError `migrations-folder` if it is no journal, or one of another database or of a version that is not
 * known.
 */
export function readJournal(file: string): readonly JournalEntry[] {
  const parsed = journalSchema.safeParse(parse(file));
  if (!parsed.success) {
    throw refuse(
      `${file} is not a journal of drizzle-kit.`,
      parsed.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`),
    );
  }
  const { version, dialect, entries } = parsed.data;
  if (!DIALECTS.includes(dialect))
    throw refuse(`${file} is for another database: its dialect is ${dialect}.`);
  if (!VERSIONS.includes(version)) {
    throw refuse(`${file} has version ${version}; known are ${VERSIONS.join(", ")}.`);
  }
  const outside = entries.find(({ tag }) => /[/\\\0]/.test(tag));
  if (outside !== undefined) {
    throw refuse(`${file} names a file outside of the migrations folder: ${JSON.stringify(outside.tag)}.`);
  }
  return entries;
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (thrown) {
    const why = thrown instanceof SyntaxError ? "is not JSON" : "cannot be read";
    throw refuse(`${file} ${why}: ${messageOf(thrown)}.`.replace(/\.\.$/, "."), [], thrown);
  }
}

function refuse(message: string, details: readonly string[] = [], cause?: unknown): TenantryError {
  return new TenantryError({
    code: "migrations-folder",
    message,
    details,
    hint: "Restore the file from git; of a merge conflict, keep the entries of both sides.",
    ...(cause === undefined ? {} : { cause }),
  });
}
