import type { Dirent } from "node:fs";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../core/finding.js";
import type { FolderParts } from "./read-migration.js";
import { forEachInSlices, readMigration } from "./read-migration.js";

/** `<UTC>_<name>` of drizzle-kit 1.0: fourteen digits, then a name. */
const FOLDER_NAME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:_.*)?$/s;

/** Reads drizzle-kit's v1 layout: a folder for each migration. */
export async function readV1Layout(path: string, entries: readonly Dirent[]): Promise<FolderParts> {
  const parts: FolderParts = { migrations: [], problems: [] };
  await forEachInSlices(entries, (entry) => {
    if (entry.name.startsWith(".")) return;
    const place = join(path, entry.name);
    if (isFolder(entry, place, parts)) readV1Migration(place, entry.name, parts);
    else if (entry.name.endsWith(".sql")) parts.problems.push(strayFile(entry.name, place));
  });
  return parts;
}

/** A link to a folder is one, as drizzle-orm sees it; one that leads nowhere is not passed over in silence. */
function isFolder(entry: Dirent, place: string, { problems }: FolderParts): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(place).isDirectory();
  } catch {
    problems.push({
      rule: "migration-orphaned",
      level: FOLDER_NAME.test(entry.name) ? "error" : "warning",
      subject: entry.name,
      file: place,
      detail: `the link ${place} leads nowhere`,
      fix: "Put back what it led to, or remove the link if no database has run that migration.",
    });
    return false;
  }
}

function readV1Migration(place: string, name: string, parts: FolderParts): void {
  const time = FOLDER_NAME.exec(name)?.slice(1).map(Number);
  if (time === undefined) {
    parts.problems.push(misnamed(place, name));
    return;
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = time;
  // Asked one by one: to list a thousand folders takes twice the time.
  const sibling = (file: string) => {
    const path = join(place, file);
    return existsSync(path) ? path : undefined;
  };
  readMigration(
    {
      name,
      file: join(place, "migration.sql"),
      createdAt: Date.UTC(year, month - 1, day, hour, minute, second),
      layout: "v1",
      verifyFile: sibling("verify.sql"),
      downFile: sibling("down.sql"),
    },
    parts,
  );
}

function misnamed(place: string, name: string): Finding {
  // What drizzle-kit 0.x has left, say: without a journal it is no migration.
  const isRemains = name === "meta" && !existsSync(join(place, "migration.sql"));
  return {
    rule: "migration-orphaned",
    level: isRemains ? "warning" : "error",
    subject: name,
    file: place,
    detail: isRemains
      ? `the folder ${place} has no _journal.json, and is not read`
      : `the folder ${place} is not named like a migration (YYYYMMDDHHMMSS_name)`,
    fix: "Move it out of the migrations folder, or restore it from git.",
  };
}

function strayFile(name: string, file: string): Finding {
  return {
    rule: "migration-orphaned",
    level: "warning",
    subject: name,
    file,
    detail: `${file} lies beside the migrations and is never applied`,
    fix: "Put it into a folder of its own (tenantry create NAME makes one), or remove it.",
  };
}
