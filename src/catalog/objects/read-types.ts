import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { tableSubject } from "../facts.js";
import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";

type Base = { readonly schema: string; readonly name: string };
type Domain = Base & {
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly { readonly name: string; readonly definition: string }[];
};
type Composite = Base & { readonly columns: readonly { readonly name: string; readonly type: string }[] };
type Range = Base & { readonly options: Readonly<Record<string, string | null>> };

/** Reads domains, composite types and range types; enums are the catalog's own. */
export async function readTypes(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  const [domains, composites, ranges] = await Promise.all([
    session<Domain[]>`
      select n.nspname as schema, t.typname as name, format_type(t.typbasetype, t.typtypmod) as type,
             case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end as collation,
             t.typnotnull as "notNull", pg_get_expr(t.typdefaultbin, 0) as default,
             (select coalesce(json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid)) order by k.conname), '[]')
              from pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checks
      from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
      where t.typtype = 'd' and ${inScope} and ${notOfExtension(session, "pg_type", session`t.oid`)} order by 1, 2`,
    session<Composite[]>`
      select n.nspname as schema, t.typname as name,
             (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
              from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
      from pg_class c join pg_type t on t.oid = c.reltype join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'c' and ${inScope} and ${notOfExtension(session, "pg_type", session`t.oid`)} order by 1, 2`,
    session<Range[]>`
      select n.nspname as schema, t.typname as name, json_build_object('subtype', format_type(r.rngsubtype, null),
             'subtype_diff', nullif(r.rngsubdiff, 0)::regproc::text, 'canonical', nullif(r.rngcanonical, 0)::regproc::text) as options
      from pg_range r join pg_type t on t.oid = r.rngtypid join pg_namespace n on n.oid = t.typnamespace
      where ${inScope} and ${notOfExtension(session, "pg_type", session`t.oid`)} order by 1, 2`,
  ]);
  return [
    ...domains.flatMap(domainObjects),
    ...composites.map((type) => {
      const columns = type.columns.map((column) => `${quoteIdentifier(column.name)} ${column.type}`);
      return typeObject("type", type, `as (${columns.join(", ")})`);
    }),
    ...ranges.map((type) => {
      const options = Object.entries(type.options).flatMap(([key, value]) =>
        value === null || value === "-" ? [] : [`${key} = ${value}`],
      );
      return typeObject("type", type, `as range (${options.join(", ")})`);
    }),
  ];
}

/** Leaves out what an extension has brought along: it belongs to the extension. */
export function notOfExtension(session: Transaction, catalog: string, oid: Fragment): Fragment {
  return session`not exists (select from pg_depend e where e.classid = ${catalog}::regclass and e.objid = ${oid} and e.deptype = 'e')`;
}

/** Each part is a thing of its own: columns of the domain keep it from being made anew. */
function domainObjects(domain: Domain): CatalogObject[] {
  const place = qualify(domain.schema, domain.name);
  const collation = domain.collation === null ? "" : ` collate ${domain.collation}`;
  const detail = (what: string, value: string, make: string, drop: string): CatalogObject => ({
    key: `${what} of domain ${place}`,
    subject: tableSubject(domain.schema, domain.name),
    value,
    make: [`alter domain ${place} ${make}`],
    drop: [`alter domain ${place} ${drop}`],
    rank: RANK.type + 1,
    within: place,
  });
  return [
    typeObject("domain", domain, `as ${domain.type}${collation}`),
    ...(domain.default === null
      ? []
      : [detail("default", domain.default, `set default ${domain.default}`, "drop default")]),
    ...(domain.notNull ? [detail("not null", "not null", "set not null", "drop not null")] : []),
    ...domain.checks.map((check) => {
      const name = quoteIdentifier(check.name);
      return detail(
        `check ${name}`,
        check.definition,
        `add constraint ${name} ${check.definition}`,
        `drop constraint ${name}`,
      );
    }),
  ];
}

function typeObject(kind: "domain" | "type", { schema, name }: Base, definition: string): CatalogObject {
  const place = qualify(schema, name);
  return {
    key: `${kind} ${place}`,
    subject: tableSubject(schema, name),
    value: definition,
    make: [`create ${kind} ${place} ${definition}`],
    drop: [`drop ${kind} ${place}`],
    rank: RANK.type,
  };
}
