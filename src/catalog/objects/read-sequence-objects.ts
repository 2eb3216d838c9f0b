import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { tableSubject } from "../facts.js";
import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";
import { notOfExtension } from "./read-types.js";

type SequenceRow = {
  readonly schema: string;
  readonly name: string;
  readonly options: string;
  /** The column that owns it, or whose identity it is. */
  readonly column: {
    readonly schema: string;
    readonly table: string;
    readonly name: string;
    readonly identity: boolean;
  } | null;
};

/** Reads the sequences: what they count, and whose they are. An identity column's is a detail of the column. */
export async function readSequenceObjects(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  const rows = await session<SequenceRow[]>`
    select n.nspname as schema, c.relname as name,
           format('as %s increment by %s minvalue %s maxvalue %s start with %s cache %s %scycle', format_type(s.seqtypid, null),
                  s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, case when s.seqcycle then '' else 'no ' end) as options,
           (select json_build_object('schema', tn.nspname, 'table', t.relname, 'name', a.attname, 'identity', d.deptype = 'i')
            from pg_depend d join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
            join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
              and d.refobjsubid > 0 and d.deptype in ('a', 'i') limit 1) as column
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
    where ${inScope} and ${notOfExtension(session, "pg_class", session`c.oid`)} order by 1, 2`;
  return rows.flatMap((row) => (row.column?.identity === true ? identityObject(row) : sequenceObjects(row)));
}

function identityObject({ options, column }: SequenceRow): CatalogObject[] {
  if (column === null) return [];
  const table = qualify(column.schema, column.table);
  const set = options
    .replace(/^as \S+ /, "")
    .replace(/(increment by|minvalue|maxvalue|start with|cache|no cycle|cycle)/g, "set $1");
  return [
    {
      key: `identity of ${table}.${quoteIdentifier(column.name)}`,
      subject: tableSubject(column.schema, column.table),
      // Its type is the column's, and its limits mostly the type's.
      value: options.replace(/^as \S+ /, ""),
      make: [`alter table ${table} alter column ${quoteIdentifier(column.name)} ${set}`],
      drop: [],
      rank: RANK.detail,
      within: table,
    },
  ];
}

function sequenceObjects({ schema, name, options, column }: SequenceRow): CatalogObject[] {
  const place = qualify(schema, name);
  const subject = tableSubject(schema, name);
  const sequence: CatalogObject = {
    key: `sequence ${place}`,
    subject,
    value: options,
    make: [`create sequence ${place} ${options}`],
    // It goes with the column that owns it.
    drop: [`drop sequence if exists ${place}`],
    rank: RANK.sequence,
  };
  if (column === null) return [sequence];
  const table = qualify(column.schema, column.table);
  const owner = `${table}.${quoteIdentifier(column.name)}`;
  return [
    sequence,
    {
      key: `owner of sequence ${place}`,
      subject,
      value: owner,
      make: [`alter sequence ${place} owned by ${owner}`],
      drop: [`alter sequence ${place} owned by none`],
      rank: RANK.detail,
      within: table,
    },
  ];
}
