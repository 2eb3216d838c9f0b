/** A connection's server process, as it calls itself and as it was announced. */
export type AnnouncedBackend = {
  /** What `pg_backend_pid()` says. */
  readonly pid: number;
  /** What came with the connection's first answer; a pooler makes it up. */
  readonly announcedPid: number;
};

/**
 * True for a connection that ends at a pooler (PgBouncer, pgcat, a host's own) and not at the server. In which mode it
 * works cannot be told by one connection.
 */
export function isBehindPooler({ pid, announcedPid }: AnnouncedBackend): boolean {
  return pid !== announcedPid;
}
