import type { Session } from "../../postgres/connect.js";
import type { ShapeColumn, ShapeKey, ShapeReference, Shapes, ShapeType, TableShape } from "./table-shape.js";
import { shapeKey } from "./table-shape.js";

type RawTable = Omit<TableShape, "key" | "references" | "checks" | "after"> & {
  readonly columns: readonly ShapeColumn[];
  readonly keys: readonly ShapeKey[];
  readonly references: readonly (Omit<ShapeReference, "foreignTable"> & {
    readonly foreignSchema: string;
    readonly foreignName: string;
  })[];
  readonly checks: readonly { readonly name: string; readonly definition: string }[];
  readonly partitionBounds: readonly (string | null)[];
};

/**
 * Reads what the catalog's own reader leaves out, since only the making of rows needs it: how types are built, which
 * column refers to which, and what a partition takes. Expressions are printed for the session's search path.
 */
export async function readShapes(session: Session): Promise<Shapes> {
  const tables = await session.unsafe<RawTable[]>(TABLES);
  const types = await session.unsafe<ShapeType[]>(TYPES);
  const shapes = tables.map(toShape);
  return {
    tables: new Map(shapes.map((shape) => [shape.key, shape])),
    types: new Map(types.map((type) => [type.id, type])),
  };
}

function toShape({ partitionBounds, checks, references, ...raw }: RawTable): TableShape {
  const bounds = partitionBounds.filter((bound) => bound !== null);
  // A partition without a bound takes everything.
  const routed = raw.isPartitioned && bounds.length === partitionBounds.length && bounds.length > 0;
  return {
    ...raw,
    after: [],
    key: shapeKey(raw.schema, raw.name),
    references: references.map(({ foreignSchema, foreignName, ...reference }) => ({
      ...reference,
      foreignTable: shapeKey(foreignSchema, foreignName),
    })),
    checks: [
      ...checks.map(({ name, definition }) => ({ name, expression: conditionOf(definition) })),
      ...(routed ? [{ name: "one of the partitions", expression: bounds.join(" or ") }] : []),
    ],
  };
}

/** `CHECK ((a > 0)) NOT VALID` without its words. */
function conditionOf(definition: string): string {
  return definition.replace(/^CHECK /, "").replace(/( NO INHERIT| NOT VALID| NOT ENFORCED)+$/, "");
}

const TABLES = `
  select n.nspname as schema, c.relname as name, c.relkind = 'p' as "isPartitioned",
    greatest(c.reltuples, 0)::float8 as "estimatedRows",
    (select coalesce(json_agg(json_build_object('name', a.attname, 'sqlType', format_type(a.atttypid, a.atttypmod),
        'type', a.atttypid::text, 'modifier', a.atttypmod, 'notNull', a.attnotnull,
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end, 'identity', a.attidentity,
        'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end) order by a.attnum), '[]')
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(json_build_object('name', k.conname, 'deferrable', k.condeferrable, 'onDelete', k.confdeltype, 'onUpdate', k.confupdtype,
        'columns', (select json_agg(a.attname order by u.o) from unnest(k.conkey) with ordinality u(n, o)
                    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n),
        'foreignSchema', fn.nspname, 'foreignName', f.relname,
        'foreignColumns', (select json_agg(a.attname order by u.o) from unnest(k.confkey) with ordinality u(n, o)
                    join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n)) order by k.conname), '[]')
      from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
      where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0) as "references",
    (select coalesce(json_agg(json_build_object('name', ic.relname, 'isExclusion', i.indisexclusion,
        'isConstraint', exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')),
        'parts', (select json_agg(pg_get_indexdef(i.indexrelid, p, true) order by p) from generate_series(1, i.indnkeyatts) p),
        'predicate', pg_get_expr(i.indpred, i.indrelid)) order by ic.relname), '[]')
      from pg_index i join pg_class ic on ic.oid = i.indexrelid
      where i.indrelid = c.oid and i.indisvalid and (i.indisunique or i.indisexclusion)) as keys,
    (select coalesce(json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid)) order by k.conname), '[]')
      from pg_constraint k where k.conrelid = c.oid and k.contype = 'c') as checks,
    (with recursive below as (
        select inhrelid as id from pg_inherits where inhparent = c.oid
        union all select i.inhrelid from pg_inherits i join below on i.inhparent = below.id)
      select coalesce(json_agg(json_build_object('schema', bn.nspname, 'name', b.relname, 'kind', b.relkind,
          'isPartition', b.relispartition, 'bound', pg_get_partition_constraintdef(b.oid)) order by bn.nspname, b.relname), '[]')
      from below join pg_class b on b.oid = below.id join pg_namespace bn on bn.oid = b.relnamespace
      where b.relkind in ('r', 'p', 'f')) as children,
    case when c.relkind = 'p' then
      (with recursive below as (
          select inhrelid as id from pg_inherits where inhparent = c.oid
          union all select i.inhrelid from pg_inherits i join below on i.inhparent = below.id)
        select coalesce(json_agg(pg_get_partition_constraintdef(b.oid)), '[]')
        from below join pg_class b on b.oid = below.id where b.relkind in ('r', 'f')) else '[]' end as "partitionBounds"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`;

const TYPES = `
  select t.oid::text as id, format_type(t.oid, null) as name, t.typname as internal, t.typcategory as category,
    case when t.typtype = 'b' and t.typcategory = 'A' then 'array' else
      case t.typtype when 'b' then 'base' when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite'
                     when 'r' then 'range' when 'm' then 'multirange' else 'other' end end as kind,
    case when t.typtype = 'd' then t.typbasetype::text when t.typtype = 'r' then r.rngsubtype::text
         when t.typtype = 'm' then m.rngtypid::text when t.typcategory = 'A' then t.typelem::text end as inner,
    t.typtypmod as "innerModifier", t.typnotnull as "notNull",
    (select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = t.oid) as labels,
    (select coalesce(json_agg(regexp_replace(pg_get_constraintdef(k.oid), '^CHECK | NOT VALID$', '', 'g')), '[]')
      from pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checks,
    (select coalesce(json_agg(json_build_object('type', a.atttypid::text, 'modifier', a.atttypmod) order by a.attnum), '[]')
      from pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as attributes
  from pg_type t left join pg_range r on r.rngtypid = t.oid left join pg_range m on m.rngmultitypid = t.oid
  where t.typtype <> 'p' and (t.typtype <> 'c' or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`;
