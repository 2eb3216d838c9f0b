import { quoteLiteral } from "../../core/identifiers.js";
import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";

type Comment = {
  readonly type: string;
  readonly identity: string;
  readonly text: string;
  /** The relation that takes it along, qualified and quoted. */
  readonly within: string | null;
};

/** Reads the comments on all that is in the schemas, and not an extension's. */
export async function readComments(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  const comments = await session<Comment[]>`
    select i.type, i.identity, d.description as text,
           case when c.relkind in ('r', 'p', 'v', 'm', 'f') then
             format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) end as within
    from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    left join pg_class c on c.oid = case d.classoid
      when 'pg_class'::regclass then coalesce((select indrelid from pg_index where indexrelid = d.objoid), d.objoid)
      when 'pg_constraint'::regclass then (select conrelid from pg_constraint where oid = d.objoid)
      when 'pg_trigger'::regclass then (select tgrelid from pg_trigger where oid = d.objoid)
      when 'pg_policy'::regclass then (select polrelid from pg_policy where oid = d.objoid)
      when 'pg_rewrite'::regclass then (select ev_class from pg_rewrite where oid = d.objoid) end
    join pg_namespace n on n.oid = coalesce(c.relnamespace, case d.classoid
      when 'pg_namespace'::regclass then d.objoid
      when 'pg_proc'::regclass then (select pronamespace from pg_proc where oid = d.objoid)
      when 'pg_type'::regclass then (select typnamespace from pg_type where oid = d.objoid) end)
    where d.objoid >= 16384 and ${inScope}
      and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')
    order by 1, 2`;
  return comments.map(({ type, identity, text, within }) => {
    const kind =
      type === "table column" || type.endsWith(" column")
        ? "column"
        : type.replace(/^(table|domain) constraint$/, "constraint");
    return {
      key: `comment on ${kind} ${identity}`,
      subject: identity,
      value: text,
      make: [`comment on ${kind} ${identity} is ${quoteLiteral(text)}`],
      drop: [`comment on ${kind} ${identity} is null`],
      rank: RANK.comment,
      within: within ?? undefined,
    };
  });
}
