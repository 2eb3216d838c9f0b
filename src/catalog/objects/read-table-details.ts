import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { tableSubject } from "../facts.js";
import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";
import { notOfExtension } from "./read-types.js";

type TableRow = {
  readonly schema: string;
  readonly name: string;
  readonly partitionKey: string | null;
  readonly bound: string | null;
  readonly parents: readonly { readonly schema: string; readonly name: string }[];
  readonly unlogged: boolean;
  readonly method: string | null;
  readonly replica: string;
  readonly replicaIndex: string | null;
  readonly server: string | null;
  readonly rules: readonly { readonly name: string; readonly definition: string; readonly enabled: string }[];
  readonly statistics: readonly { readonly name: string; readonly definition: string }[];
  readonly invalidNotNulls: readonly string[];
  readonly columnOrder: string | null;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly collation: string | null;
    readonly storage: string | null;
    /** What the type has by itself: "set storage default" is known from PostgreSQL 16 on. */
    readonly typeStorage: string;
    readonly compression: string | null;
    readonly target: number | null;
    readonly options: readonly string[] | null;
  }[];
};

/** Reads what a table has beyond columns, keys and policies, as far as it is not what every table has. */
export async function readTableDetails(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  // attstattarget is null since PostgreSQL 17 where it was -1; not-null constraints have rows of their own since 18.
  const rows = await session<TableRow[]>`
    select n.nspname as schema, c.relname as name,
           case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
           pg_get_expr(c.relpartbound, c.oid) as bound,
           (select coalesce(json_agg(json_build_object('schema', pn.nspname, 'name', p.relname) order by i.inhseqno), '[]')
            from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
            where i.inhrelid = c.oid) as parents,
           c.relpersistence = 'u' as unlogged,
           (select amname from pg_am where oid = c.relam and amname <> 'heap') as method,
           case when c.relkind in ('r', 'p') then c.relreplident else 'd' end as replica,
           (select ic.relname from pg_index i join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid and i.indisreplident) as "replicaIndex",
           (select format('server %I options (%s)', s.srvname, array_to_string(f.ftoptions, ', '))
            from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid) as server,
           (select coalesce(json_agg(json_build_object('name', r.rulename, 'definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) order by r.rulename), '[]')
            from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN') as rules,
           (select coalesce(json_agg(json_build_object('name', x.stxname, 'definition', pg_get_statisticsobjdef(x.oid)) order by x.stxname), '[]')
            from pg_statistic_ext x where x.stxrelid = c.oid) as statistics,
           (select coalesce(json_agg(a.attname || case when k.connoinherit then ' (no inherit)' else ' (not valid)' end order by 1), '[]')
            from pg_constraint k join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
            where k.conrelid = c.oid and k.contype = 'n' and (not k.convalidated or k.connoinherit)) as "invalidNotNulls",
           (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
              'collation', case when a.attcollation <> t.typcollation then
                 (select format('%I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end,
              'storage', case when a.attstorage <> t.typstorage then
                 case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end end,
              'typeStorage', case t.typstorage when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end,
              'compression', case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end,
              'target', nullif(a.attstattarget, -1), 'options', a.attoptions) order by a.attnum), '[]')
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and (a.attcollation <> t.typcollation or a.attstorage <> t.typstorage or a.attcompression <> '' or a.attstattarget <> -1
                or a.attoptions is not null)) as columns,
           (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "columnOrder"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'm', 'v') and ${inScope} and ${notOfExtension(session, "pg_class", session`c.oid`)} order by 1, 2`;
  return rows.flatMap((row) => [
    ...tableObjects(row),
    ...row.columns.flatMap((column) => columnObjects(row, column)),
  ]);
}

function tableObjects(row: TableRow): CatalogObject[] {
  const place = qualify(row.schema, row.name);
  const detail = (what: string, value: string | null, make: string[], drop: string[]): CatalogObject[] =>
    value === null
      ? []
      : [
          {
            key: `${what} of ${place}`,
            subject: tableSubject(row.schema, row.name),
            value,
            make,
            drop,
            rank: RANK.detail,
            within: place,
          },
        ];
  const parents = row.parents.map(({ schema, name }) => qualify(schema, name));
  const replica = { n: "nothing", f: "full", i: `using index ${quoteIdentifier(row.replicaIndex ?? "?")}` }[
    row.replica
  ];
  return [
    ...detail("column order", row.columnOrder, [], []),
    ...detail("partition key", row.partitionKey, [], []),
    ...(row.bound === null
      ? parents.flatMap((parent) =>
          detail(
            `inheritance from ${parent}`,
            parent,
            [`alter table ${place} inherit ${parent}`],
            [`alter table ${place} no inherit ${parent}`],
          ),
        )
      : detail(
          "partition",
          `${parents[0]} ${row.bound}`,
          [`alter table ${parents[0]} attach partition ${place} ${row.bound}`],
          [`alter table ${parents[0]} detach partition ${place}`],
        ).map((object) => ({ ...object, rank: RANK.attach }))),
    ...detail(
      "persistence",
      row.unlogged ? "unlogged" : null,
      [`alter table ${place} set unlogged`],
      [`alter table ${place} set logged`],
    ),
    ...detail("access method", row.method, [`alter table ${place} set access method ${row.method}`], []),
    ...detail("foreign server", row.server, [], []),
    ...detail(
      "replica identity",
      replica ?? null,
      [`alter table ${place} replica identity ${replica}`],
      [`alter table ${place} replica identity default`],
    ).map((object) => ({ ...object, rank: RANK.index + 1 })),
    ...row.rules.flatMap((rule) =>
      detail(
        `rule ${quoteIdentifier(rule.name)}`,
        `${rule.definition} (${rule.enabled})`,
        [rule.definition.replace(/;$/, "")],
        [`drop rule ${quoteIdentifier(rule.name)} on ${place}`],
      ).map((object) => ({ ...object, rank: RANK.trigger })),
    ),
    ...row.statistics.flatMap((one) =>
      detail(
        `statistics ${quoteIdentifier(one.name)}`,
        one.definition,
        [one.definition],
        [`drop statistics ${qualify(row.schema, one.name)}`],
      ),
    ),
    ...(row.invalidNotNulls.length === 0 ? [] : detail("not null", row.invalidNotNulls.join(", "), [], [])),
  ];
}

function columnObjects(row: TableRow, column: TableRow["columns"][number]): CatalogObject[] {
  const place = qualify(row.schema, row.name);
  const name = quoteIdentifier(column.name);
  const alter = `alter table ${place} alter column ${name}`;
  const detail = (what: string, value: string | null, make: string, drop: string): CatalogObject[] =>
    value === null
      ? []
      : [
          {
            key: `${what} of ${place}.${name}`,
            subject: tableSubject(row.schema, row.name),
            value,
            make: [make],
            drop: [drop],
            rank: RANK.detail,
            within: place,
          },
        ];
  return [
    ...detail(
      "collation",
      column.collation,
      `${alter} type ${column.type} collate ${column.collation}`,
      `${alter} type ${column.type}`,
    ),
    ...detail(
      "storage",
      column.storage,
      `${alter} set storage ${column.storage}`,
      `${alter} set storage ${column.typeStorage}`,
    ),
    ...detail(
      "compression",
      column.compression,
      `${alter} set compression ${column.compression}`,
      `${alter} set compression default`,
    ),
    ...detail(
      "statistics target",
      column.target === null ? null : String(column.target),
      `${alter} set statistics ${column.target}`,
      `${alter} set statistics -1`,
    ),
    ...detail(
      "options",
      column.options?.join(", ") ?? null,
      `${alter} set (${column.options?.join(", ")})`,
      `${alter} reset (${column.options?.map((one) => one.split("=")[0]).join(", ")})`,
    ),
  ];
}
