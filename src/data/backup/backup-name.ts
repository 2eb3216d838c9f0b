import { createHash, randomBytes } from "node:crypto";
import type { Session } from "../../postgres/connect.js";

/** What tells a database apart in the names of its backups. */
export type BackupSubject = { readonly database: string; readonly server: string };

/** Which database this is, on which server: two servers may have one of the same name. */
export async function readBackupSubject(session: Session): Promise<BackupSubject> {
  const [row] = await session.unsafe<BackupSubject[]>(
    "select current_database() as database, system_identifier::text as server from pg_control_system()",
  );
  return row ?? { database: "", server: "" };
}

/**
 * What the names of a database's backups begin with (pure).
 *
 * @example backupPrefix({ database: "My app", server: "7301" }) // "My_app-4f1c09a2-"
 */
function backupPrefix({ database, server }: BackupSubject): string {
  const readable = database.replaceAll(/[^A-Za-z0-9_]/g, "_").slice(0, 40);
  const digest = createHash("sha256")
    .update(JSON.stringify([server, database]))
    .digest("hex")
    .slice(0, 8);
  return `${readable}-${digest}-`;
}

/** What its names end with: the time to the second, and something that keeps two of the same second apart. */
const SUFFIX = /^\d{8}T\d{6}Z-[0-9a-f]{4}\.(?:tenantry|tenantry\.age|dump)$/;

/** A name for a new backup. Sorted, its names are in the order of time. */
export function nameBackup(subject: BackupSubject, ending: "tenantry" | "tenantry.age" | "dump"): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${backupPrefix(subject)}${time}-${randomBytes(2).toString("hex")}.${ending}`;
}

/** True if {@link nameBackup} named it, for this database. */
export function isBackupName(subject: BackupSubject, name: string): boolean {
  const prefix = backupPrefix(subject);
  return name.startsWith(prefix) && SUFFIX.test(name.slice(prefix.length));
}
