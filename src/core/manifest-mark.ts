const PREFIX = "manifest ";

/**
 * The comment on `tenantry.meta` that says which manifest a database was migrated to. A comment, because everybody may
 * read it without a grant: services have no USAGE on that schema.
 *
 * @example manifestMark("1d6e…") // "manifest 1d6e…"
 */
export function manifestMark(digest: string): string {
  return `${PREFIX}${digest}`;
}

/** The digest in such a comment; undefined where there is none. */
export function parseManifestMark(comment: string | null | undefined): string | undefined {
  return comment?.startsWith(PREFIX) === true ? comment.slice(PREFIX.length) : undefined;
}
