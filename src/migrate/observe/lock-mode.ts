/**
 * The modes of table locks, weakest first, as PostgreSQL's manual spells them.
 *
 * Source: https://www.postgresql.org/docs/current/explicit-locking.html
 */
const LOCK_MODES = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;

/** One of PostgreSQL's eight modes. */
export type LockMode = (typeof LOCK_MODES)[number];

/** Who waits for whoever holds a lock: readers and writers, writers alone, or neither. */
export type Blocked = "reads and writes" | "writes" | "nothing";

/**
 * The mode that `pg_locks` calls `AccessExclusiveLock`; undefined for what is no table lock.
 *
 * @example parseLockMode("ShareUpdateExclusiveLock") // "SHARE UPDATE EXCLUSIVE"
 */
export function parseLockMode(name: string): LockMode | undefined {
  const words = name.replace(/Lock$/, "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return LOCK_MODES.find((mode) => mode === words.toUpperCase());
}

/** The stronger one of two modes. SHARE and SHARE UPDATE EXCLUSIVE do not compare; the one that stops writers counts. */
export function strongerLock(one: LockMode, other: LockMode): LockMode {
  return LOCK_MODES.indexOf(one) >= LOCK_MODES.indexOf(other) ? one : other;
}

/** What plain SELECT (ACCESS SHARE), and INSERT, UPDATE and DELETE (ROW EXCLUSIVE) wait for. */
export function blockedBy(mode: LockMode): Blocked {
  if (mode === "ACCESS EXCLUSIVE") return "reads and writes";
  return LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf("SHARE") ? "writes" : "nothing";
}
