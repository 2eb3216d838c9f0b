import { open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FIRST_LINE } from "../backup-file/backup-format.js";
import { type BackupSubject, isBackupName } from "./backup-name.js";

/** How a backup of ours, one under a passphrase, and one of pg_dump begin. */
const BEGINNINGS: readonly string[] = [FIRST_LINE.toString("latin1"), "age-encryption.org/v1\n", "PGDMP"];

/**
 * Deletes the oldest backups of a database. Only what has both the name and the beginning of one is touched, and nothing of
 * another database.
 *
 * @param written the file that was just written. It is one of those that are left, whatever the clock has given it for a name.
 * @param keep how many are left, 1 or more.
 * @returns the names that are gone.
 */
export async function removeOldBackups(
  written: string,
  subject: BackupSubject,
  keep: number,
): Promise<string[]> {
  const directory = dirname(written);
  const names = (await readdir(directory)).filter(
    (name) => name !== basename(written) && isBackupName(subject, name),
  );
  const own: string[] = [];
  for (const name of names.sort()) if (await beginsLikeOne(join(directory, name))) own.push(name);
  const old = own.slice(0, Math.max(0, own.length - (keep - 1)));
  for (const name of old) await rm(join(directory, name), { force: true });
  return old;
}

async function beginsLikeOne(path: string): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    const text = buffer.subarray(0, bytesRead).toString("latin1");
    return BEGINNINGS.some((beginning) => text.startsWith(beginning));
  } catch {
    // A folder, for example.
    return false;
  } finally {
    await file.close();
  }
}
