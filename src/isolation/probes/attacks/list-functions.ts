import { quoteLiteral } from "../../../core/identifiers.js";
import type { ProbeWorld } from "../probe.js";

/** An argument of a function. */
export type FunctionArgument = {
  readonly name: string;
  /** The oid of its type. */
  readonly type: string;
  readonly sqlType: string;
};

/** A SECURITY DEFINER function that the service may call. */
export type DefinerFunction = {
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  /** The name of the type that it returns. */
  readonly returns: string;
  readonly isVolatile: boolean;
  readonly arguments: readonly FunctionArgument[];
  /** How many of them have no default. */
  readonly required: number;
  readonly isVariadic: boolean;
  /** What it does, as SQL or another language has it; undefined if that cannot be read. */
  readonly source: string | undefined;
};

/** The SECURITY DEFINER functions that the service may call, those of extensions left out. */
export async function listFunctions({ session, expected }: ProbeWorld): Promise<readonly DefinerFunction[]> {
  const role = quoteLiteral(expected.settings.roles.tenant);
  const rows = await session.owner(`
    select n.nspname as schema, p.proname as name, p.provolatile::text as volatile, pg_get_userbyid(p.proowner) as owner,
      t.typname as returns, (p.pronargs - p.pronargdefaults)::text as required, (p.provariadic <> 0)::text as variadic,
      case when l.lanname in ('c', 'internal') then null else p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '') end as source,
      (select coalesce(json_agg(json_build_object('name', coalesce(p.proargnames[a.at], ''), 'type', a.type::text,
          'sqlType', format_type(a.type, null)) order by a.at), '[]')::text
         from unnest(p.proargtypes) with ordinality as a(type, at)) as arguments
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type t on t.oid = p.prorettype
      join pg_language l on l.oid = p.prolang
    where p.prosecdef and p.prokind = 'f' and has_function_privilege(${role}, p.oid, 'execute')
      and has_schema_privilege(${role}, n.oid, 'usage') and n.nspname not in ('pg_catalog', 'information_schema')
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by 1, 2, p.oid`);
  return rows.map((row) => ({
    schema: row.schema ?? "",
    name: row.name ?? "",
    owner: row.owner ?? "",
    returns: row.returns ?? "",
    isVolatile: row.volatile === "v",
    arguments: readArguments(row.arguments ?? "[]"),
    required: Number(row.required),
    isVariadic: row.variadic === "true",
    source: row.source ?? undefined,
  }));
}

function readArguments(json: string): FunctionArgument[] {
  const list: unknown = JSON.parse(json);
  if (!Array.isArray(list)) return [];
  return list.map((one: Partial<FunctionArgument>) => ({
    name: String(one.name ?? ""),
    type: String(one.type ?? ""),
    sqlType: String(one.sqlType ?? ""),
  }));
}
