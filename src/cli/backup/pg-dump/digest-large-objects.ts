import type { Session } from "../../../postgres/connect.js";

/** How many large objects a database has, and a checksum of their numbers and bytes. */
export type LargeObjectDigest = { readonly count: number; readonly checksum: string };

/**
 * Counts a database's large objects and digests them, a mebibyte at a time, on the server.
 *
 * @param session a transaction with `search_path` set to pg_catalog, of a role that may read all of them.
 */
export async function digestLargeObjects(session: Session): Promise<LargeObjectDigest> {
  const [row] = await session.unsafe<LargeObjectDigest[]>(`
    select count(*)::int as count, encode(sha256(convert_to(
      coalesce(string_agg(m.oid || ' ' || encode(whole.hash, 'hex'), ',' order by m.oid), ''), 'UTF8')), 'hex') as checksum
    from pg_largeobject_metadata m, lateral (
      with recursive piece(number, size, hash) as (
        select 0::bigint, length(data), sha256(data) from (select lo_get(m.oid, 0, 1048576) as data offset 0) first
        union all
        select number + 1, length(data), sha256(data)
        from piece, lateral (select lo_get(m.oid, (number + 1) * 1048576, 1048576) as data offset 0) next
        where size = 1048576
      )
      select sha256(string_agg(hash, ''::bytea order by number)) as hash from piece
    ) whole`);
  return row ?? { count: 0, checksum: "" };
}
