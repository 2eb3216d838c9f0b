import type { Dirent } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../core/finding.js";
import type { JournalEntry } from "./read-journal.js";
import { readJournal } from "./read-journal.js";
import type { FolderParts } from "./read-migration.js";
import { forEachInSlices, readMigration } from "./read-migration.js";

/** Where drizzle-kit 0.x lists the migrations, inside their folder. */
export const JOURNAL = join("meta", "_journal.json");

/** What lies beside `NNNN_name.sql`. */
const SIBLINGS = [".verify.sql", ".down.sql"] as const;

/**
 * Reads the layout of drizzle-kit 0.x: `NNNN_name.sql`, in the order in which the journal lists them. A file that the
 * journal does not list is never applied.
 *
 * @throws TenantryError `migrations-folder` as {@link readJournal}.
 */
export async function readJournalLayout(path: string, entries: readonly Dirent[]): Promise<FolderParts> {
  const journal = readJournal(join(path, JOURNAL));
  const parts: FolderParts = { migrations: [], problems: findJournalProblems(journal, path) };
  const files = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  const used = new Set<string>();
  const sibling = (name: string) => {
    if (!files.has(name)) return undefined;
    used.add(name);
    return join(path, name);
  };
  const tags = new Set<string>();
  await forEachInSlices([...journal.entries()], ([index, { tag, when }]) => {
    if (tags.has(tag)) return;
    tags.add(tag);
    used.add(`${tag}.sql`);
    const [verifyFile, downFile] = SIBLINGS.map((suffix) => sibling(`${tag}${suffix}`));
    const file = join(path, `${tag}.sql`);
    readMigration(
      { name: tag, file, createdAt: when, layout: "journal", index, verifyFile, downFile },
      parts,
    );
  });
  for (const name of [...files].sort()) {
    if (name.endsWith(".sql") && !used.has(name)) parts.problems.push(orphan(path, name));
  }
  for (const entry of entries) {
    if (/^\d{14}/.test(entry.name) && !files.has(entry.name)) parts.problems.push(mixed(path, entry.name));
  }
  return parts;
}

function findJournalProblems(journal: readonly JournalEntry[], path: string): Finding[] {
  const file = join(path, JOURNAL);
  const problems: Finding[] = [];
  const tags = new Set<string>();
  const numbers = new Map<number, string>();
  let newest: JournalEntry | undefined;
  for (const entry of journal) {
    const { idx, tag, when } = entry;
    const about = { subject: tag, file };
    if (tags.has(tag)) {
      problems.push({
        rule: "migration-collides",
        level: "error",
        ...about,
        detail: `${file} lists ${tag} twice`,
        fix: "Take one of the two entries out of the journal.",
      });
      continue;
    }
    tags.add(tag);
    const twin = numbers.get(idx);
    if (twin !== undefined) {
      problems.push({
        rule: "migration-collides",
        level: "warning",
        ...about,
        detail: `${tag} has the number of ${twin} (idx ${idx}), and they run in the order of the journal`,
        fix: "Number the entries anew, in the order in which they stand.",
      });
    }
    numbers.set(idx, tag);
    if (newest !== undefined && when < newest.when) {
      problems.push({
        rule: "migration-out-of-order",
        level: "warning",
        ...about,
        detail: `${tag} is older than ${newest.tag}, which stands before it: drizzle-orm 0.x never applies it where that has run`,
        fix: 'Apply it with "tenantry migrate", which finds what is pending by name and not by time.',
      });
    }
    if (newest === undefined || when > newest.when) newest = entry;
  }
  return problems;
}

function orphan(path: string, name: string): Finding {
  return {
    rule: "migration-orphaned",
    level: "warning",
    subject: name,
    file: join(path, name),
    detail: `no entry of the journal names ${name}, and it is never applied`,
    fix: "Remove the file, or restore its entry in meta/_journal.json from git.",
  };
}

/** What an interrupted "drizzle-kit up" leaves. */
function mixed(path: string, name: string): Finding {
  return {
    rule: "migration-orphaned",
    level: "error",
    subject: name,
    file: join(path, name),
    detail: `the migrations folder ${path} is in two layouts at once: it has a journal, and the folder ${name}`,
    fix: 'Restore it from git, then run "npx drizzle-kit up" to its end.',
  };
}
