const SELECT = /^\s*\(*\s*select\b/i;
const LOCKS = /\bfor\s+(no\s+key\s+)?(update|share|key\s+share)\b/i;

/**
 * True for a statement that a replica may be asked: it looks like a plain SELECT. It need not be certain: it is run in a
 * read-only transaction, and again on the primary where that refuses it.
 */
export function isRead(sql: string): boolean {
  return SELECT.test(sql) && !LOCKS.test(sql);
}
