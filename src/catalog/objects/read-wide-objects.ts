import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";

type Extension = { readonly name: string; readonly schema: string; readonly version: string };
type EventTrigger = {
  readonly name: string;
  readonly event: string;
  readonly tags: readonly string[];
  readonly function: string;
  readonly enabled: string;
};
type Publication = {
  readonly name: string;
  readonly options: string;
  readonly all: boolean;
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly string[] | null;
    readonly filter: string | null;
  }[];
  readonly schemas: readonly string[];
};
type DefaultPrivilege = {
  readonly kind: string;
  readonly maker: string;
  readonly schema: string | null;
  readonly privileges: string;
};
type Other = { readonly type: string; readonly identity: string; readonly wide: boolean };

/** Reads what belongs to the database and to no schema, and the kinds of things of which only the existence counts. */
export async function readWideObjects(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  const [extensions, triggers, publications, defaults, others] = await Promise.all([
    session<Extension[]>`
      select e.extname as name, n.nspname as schema, e.extversion as version
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace order by 1`,
    session<EventTrigger[]>`
      select t.evtname as name, t.evtevent as event, coalesce(t.evttags, '{}') as tags, t.evtfoid::regprocedure::text as function, t.evtenabled as enabled
      from pg_event_trigger t where not exists (select from pg_depend e where e.classid = 'pg_event_trigger'::regclass and e.objid = t.oid and e.deptype = 'e')
      order by 1`,
    session<Publication[]>`
      select p.pubname as name, p.puballtables as all,
             format('publish = %L, publish_via_partition_root = %s', concat_ws(', ', case when p.pubinsert then 'insert' end,
               case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end), p.pubviaroot::text) as options,
             (select coalesce(json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'filter', pg_get_expr(r.prqual, r.prrelid), 'columns',
                (select json_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(r.prattrs::int2[]))
              ) order by 1, 2), '[]')
              from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace where r.prpubid = p.oid) as tables,
             (select coalesce(json_agg(n.nspname order by 1), '[]') from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid) as schemas
      from pg_publication p order by 1`,
    session<DefaultPrivilege[]>`
      select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
                                  when 'n' then 'schemas' else 'large objects' end as kind,
             pg_get_userbyid(d.defaclrole) as maker, n.nspname as schema, array_to_string(d.defaclacl, ', ') as privileges
      from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace order by 2, 3, 1`,
    readOthers(session, inScope),
  ]);
  return [
    ...extensions.map(({ name, schema, version }) => ({
      ...wide(`extension ${quoteIdentifier(name)}`, name, `version ${version} in ${schema}`, RANK.extension),
      make: [`create extension ${quoteIdentifier(name)} schema ${quoteIdentifier(schema)}`],
      drop: [`drop extension ${quoteIdentifier(name)}`],
    })),
    ...triggers.map((trigger) => {
      const tags = trigger.tags.map(quoteLiteral).join(", ");
      const when = tags === "" ? "" : ` when tag in (${tags})`;
      const definition = `on ${trigger.event}${when} execute function ${trigger.function}`;
      return {
        ...wide(
          `event trigger ${quoteIdentifier(trigger.name)}`,
          trigger.name,
          `${definition} (${trigger.enabled})`,
          RANK.trigger,
        ),
        make: [`create event trigger ${quoteIdentifier(trigger.name)} ${definition}`],
        drop: [`drop event trigger ${quoteIdentifier(trigger.name)}`],
      };
    }),
    ...publications.map((publication) => ({
      ...wide(
        `publication ${quoteIdentifier(publication.name)}`,
        publication.name,
        publicationSql(publication),
        RANK.comment,
      ),
      make: [`create publication ${quoteIdentifier(publication.name)} ${publicationSql(publication)}`],
      drop: [`drop publication ${quoteIdentifier(publication.name)}`],
    })),
    ...defaults.map((one) => ({
      ...wide(
        `default privileges of ${quoteIdentifier(one.maker)} on ${one.kind}${one.schema === null ? "" : ` in ${quoteIdentifier(one.schema)}`}`,
        one.maker,
        one.privileges,
        RANK.grant,
      ),
    })),
    ...others.map(({ type, identity, wide: isWide }) => ({
      ...wide(`${type} ${identity}`, identity, "exists", RANK.type),
      wide: isWide,
    })),
  ];
}

function wide(key: string, subject: string, value: string, rank: number): CatalogObject {
  return { key, subject, value, make: [], drop: [], rank, wide: true };
}

function publicationSql({ all, tables, schemas, options }: Publication): string {
  const listed = tables.map(({ schema, name, columns, filter }) => {
    const only = columns === null ? "" : ` (${columns.map(quoteIdentifier).join(", ")})`;
    return `table ${qualify(schema, name)}${only}${filter === null ? "" : ` where (${filter})`}`;
  });
  const whole = schemas.map((schema) => `tables in schema ${quoteIdentifier(schema)}`);
  const what = all ? ["all tables"] : [...listed, ...whole];
  return `${what.length === 0 ? "" : `for ${what.join(", ")} `}with (${options})`;
}

/** Catalogs of which nobody knows how to write the SQL here: a thing of them is there, or it is not. */
const OTHERS = [
  ["pg_collation", "collnamespace"],
  ["pg_conversion", "connamespace"],
  ["pg_operator", "oprnamespace"],
  ["pg_opclass", "opcnamespace"],
  ["pg_opfamily", "opfnamespace"],
  ["pg_ts_config", "cfgnamespace"],
  ["pg_ts_dict", "dictnamespace"],
  ["pg_ts_parser", "prsnamespace"],
  ["pg_ts_template", "tmplnamespace"],
  ["pg_cast", null],
  ["pg_language", null],
  ["pg_transform", null],
  ["pg_foreign_data_wrapper", null],
  ["pg_foreign_server", null],
  ["pg_am", null],
] as const;

/** The first identifier that is not the server's own. */
const FIRST_OID = 16_384;

function readOthers(session: Transaction, inScope: Fragment) {
  const of = ([catalog, namespace]: (typeof OTHERS)[number]) => session`
    select i.type, i.identity, ${namespace === null} as wide
    from ${session(catalog)} o cross join lateral pg_identify_object(${catalog}::regclass, o.oid, 0) i
    ${namespace === null ? session`` : session`join pg_namespace n on n.oid = o.${session(namespace)}`}
    where o.oid >= ${FIRST_OID} ${namespace === null ? session`` : session`and ${inScope}`}
      and not exists (select from pg_depend e where e.classid = ${catalog}::regclass and e.objid = o.oid and e.deptype = 'e')`;
  const [first, ...rest] = OTHERS;
  const aggregates = session`
    select 'aggregate', format('%I.%I(%s) %s %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), a.aggtransfn::regproc, coalesce(a.agginitval, '')), false
    from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
    where p.oid >= ${FIRST_OID} and ${inScope}
      and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')`;
  return session<Other[]>`
    ${rest.reduce((query, other) => session`${query} union all ${of(other)}`, of(first))} union all ${aggregates} order by 1, 2`;
}
