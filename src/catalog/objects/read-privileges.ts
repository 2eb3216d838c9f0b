import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { tableSubject } from "../facts.js";
import type { Fragment, Transaction } from "../grants-json.js";
import { grantsJson } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { RANK } from "./catalog-object.js";
import { notOfExtension } from "./read-types.js";

type Held = {
  readonly kind: "function" | "procedure" | "sequence" | "type";
  readonly schema: string;
  readonly name: string;
  /** A function's parameters, in brackets. */
  readonly parameters: string;
  readonly grants: readonly { readonly role: string; readonly privileges: readonly string[] }[];
};

/** Reads who may run functions, and use sequences and types; tables and schemas are the catalog's own. */
export async function readPrivileges(session: Transaction, inScope: Fragment): Promise<CatalogObject[]> {
  const rows = await session<Held[]>`
    select case p.prokind when 'p' then 'procedure' else 'function' end as kind, n.nspname as schema, p.proname as name,
           format('(%s)', pg_get_function_identity_arguments(p.oid)) as parameters,
           (select ${grantsJson(session, session`coalesce(p.proacl, acldefault('f', p.proowner))`, session`p.proowner`)}) as grants
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${inScope} and ${notOfExtension(session, "pg_proc", session`p.oid`)}
    union all
    select 'sequence', n.nspname, c.relname, '',
           (select ${grantsJson(session, session`coalesce(c.relacl, acldefault('s', c.relowner))`, session`c.relowner`)})
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relacl is not null and ${inScope} and ${notOfExtension(session, "pg_class", session`c.oid`)}
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a' and d.refobjsubid > 0)
    union all
    select 'type', n.nspname, t.typname, '',
           (select ${grantsJson(session, session`coalesce(t.typacl, acldefault('T', t.typowner))`, session`t.typowner`)})
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typacl is not null and ${inScope} and ${notOfExtension(session, "pg_type", session`t.oid`)}
    order by 1, 2, 3, 4`;
  return rows.flatMap((held) => held.grants.map((grant) => grantObject(held, grant)));
}

function grantObject(held: Held, grant: Held["grants"][number]): CatalogObject {
  const place = `${qualify(held.schema, held.name)}${held.parameters}`;
  return {
    key: `grant on ${held.kind} ${place} to ${quoteIdentifier(grant.role)}`,
    subject: tableSubject(held.schema, held.name),
    value: grant.privileges.join(", "),
    make: grantStatements(grant.privileges, `${held.kind} ${place}`, grant.role),
    drop: [`revoke all on ${held.kind} ${place} from ${grantee(grant.role)}`],
    rank: RANK.grant,
  };
}

/** GRANT for privileges as the catalog lists them; a `*` behind one is the right to grant it on. */
export function grantStatements(
  privileges: readonly string[],
  target: string,
  role: string,
  columns = "",
): string[] {
  const plain = privileges.filter((one) => !one.endsWith("*"));
  const onward = privileges.filter((one) => one.endsWith("*")).map((one) => one.slice(0, -1));
  const grant = (list: readonly string[], suffix: string) =>
    list.length === 0
      ? []
      : [
          `grant ${list.map((one) => `${one.toLowerCase()}${columns}`).join(", ")} on ${target} to ${grantee(role)}${suffix}`,
        ];
  return [...grant(plain, ""), ...grant(onward, " with grant option")];
}

/** A role as GRANT and REVOKE spell it. */
export function grantee(role: string): string {
  return role === "PUBLIC" ? "public" : quoteIdentifier(role);
}
