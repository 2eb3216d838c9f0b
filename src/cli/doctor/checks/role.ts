import { quoteIdentifier, quoteLiteral } from "../../../core/identifiers.js";
import { DEFAULT_LEDGER } from "../../../migrate/ledger/ledger.js";
import { inspectTarget, requireWritable } from "../../../migrate/run/preflight/inspect-target.js";
import type { Check, Verdict } from "../check.js";
import { ok, problem, warning } from "../check.js";
import type { Examination } from "../examination.js";

/** The login of `DATABASE_URL` can migrate, and is not more than that. */
export const roleCheck: Check = {
  id: "role",
  group: "The database",
  needs: ["connection"],
  run: async (examination) => {
    const facts = await readRole(examination);
    const verdict = judgeRole(facts, examination.context.environment === "development");
    if (verdict.state === "problem") return verdict;
    const ledger = await examination.project().then(
      (project) => project.ledger,
      () => DEFAULT_LEDGER,
    );
    requireWritable(await inspectTarget(await examination.database(), ledger), { writes: true });
    return verdict;
  },
};

/** What the server says about the login. */
export type RoleFacts = {
  readonly role: string;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  readonly createsRoles: boolean;
  readonly adminRole: string;
  readonly tenantRole: string;
  readonly inAdminRole: boolean;
  readonly inTenantRole: boolean;
  /** Roles of the tenancy that the server does not have. */
  readonly missingRoles: readonly string[];
  /** Tables of the schema that exist. */
  readonly tables: number;
  /** Those among them whose owner the login neither is nor may become. */
  readonly foreign: readonly { readonly table: string; readonly owner: string }[];
};

/** Judges it (pure). */
export function judgeRole(facts: RoleFacts, isDevelopment: boolean): Verdict {
  const { role, superuser, inTenantRole, tenantRole, adminRole, foreign, tables } = facts;
  const [first] = foreign;
  if (!superuser && inTenantRole && tables > 0 && foreign.length === tables) {
    return problem(
      `${role} is a service's login: a member of ${tenantRole}, and owner of no table`,
      "Set DATABASE_URL to the migrator's login; services use SERVICE_DATABASE_URL.",
    );
  }
  if (!superuser && first !== undefined) {
    return problem(
      `${role} does not own ${foreign
        .map(({ table }) => table)
        .slice(0, 3)
        .join(", ")}, so it cannot change them`,
      `Connect as ${first.owner}, or: grant ${quoteIdentifier(first.owner)} to ${quoteIdentifier(role)}`,
    );
  }
  if (!superuser && !facts.createsRoles && facts.missingRoles.length > 0) {
    return problem(
      `the server lacks ${facts.missingRoles.join(", ")}, and ${role} may not make roles`,
      `As an administrator: ${facts.missingRoles.map((name) => `create role ${quoteIdentifier(name)}`).join("; ")}`,
    );
  }
  if (!superuser && !facts.bypassesRowSecurity && inTenantRole) {
    return problem(
      `${role} is a member of ${tenantRole}, whose floor binds it: migrations that change rows or make doors fail`,
      `revoke ${quoteIdentifier(tenantRole)} from ${quoteIdentifier(role)}`,
    );
  }
  if (superuser && !isDevelopment) {
    return warning(
      `${role} is a superuser, which a migrator need not be`,
      `Give the tables to a role of their own, a member of ${adminRole}, and connect as that.`,
    );
  }
  if (
    !superuser &&
    !facts.bypassesRowSecurity &&
    !facts.inAdminRole &&
    !facts.missingRoles.includes(adminRole)
  ) {
    return warning(
      `${role} is bound by row security: a migration that changes rows would be refused`,
      `grant ${quoteIdentifier(adminRole)} to ${quoteIdentifier(role)}`,
    );
  }
  const powers = [
    ...(superuser ? ["superuser"] : []),
    ...(facts.bypassesRowSecurity && !superuser ? ["bypasses row security"] : []),
    ...(facts.inAdminRole && !superuser ? [`member of ${adminRole}`] : []),
    ...(tables > 0 && !superuser ? ["owns the tables"] : []),
  ];
  return ok(`${role}${powers.length === 0 ? "" : `: ${powers.join(", ")}`}`);
}

async function readRole(examination: Examination): Promise<RoleFacts> {
  const [database, { roles }, tables] = await Promise.all([
    examination.database(),
    examination.settings(),
    namesOfTables(examination),
  ]);
  const ours = [roles.tenant, roles.admin, roles.door];
  // Not a superuser's answer to "may become", which is yes for every role.
  const [row] = await database.unsafe<Omit<RoleFacts, "adminRole" | "tenantRole">[]>(`
    with found as (
      select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", c.relowner as owner
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and (n.nspname, c.relname) in (${tables})
    ), ours as (
      select name, r.oid from pg_catalog.unnest(array[${ours.map(quoteLiteral).join(", ")}]::text[]) as name
      left join pg_catalog.pg_roles r on r.rolname = name
    )
    select me.rolname as role, me.rolsuper as superuser, me.rolbypassrls as "bypassesRowSecurity",
      me.rolcreaterole as "createsRoles",
      exists (select from ours where name = ${quoteLiteral(roles.admin)} and pg_catalog.pg_has_role(me.oid, oid, 'usage')) as "inAdminRole",
      exists (select from ours where name = ${quoteLiteral(roles.tenant)} and pg_catalog.pg_has_role(me.oid, oid, 'usage')) as "inTenantRole",
      (select coalesce(pg_catalog.json_agg(name order by name), '[]') from ours where oid is null) as "missingRoles",
      (select pg_catalog.count(*)::int from found) as tables,
      (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('table', "table", 'owner', pg_catalog.pg_get_userbyid(owner)) order by "table"), '[]')
       from found where not pg_catalog.pg_has_role(me.oid, owner, 'member')) as foreign
    from pg_catalog.pg_roles me where me.rolname = current_user`);
  if (row === undefined) throw new Error("pg_roles has no row for current_user");
  return { ...row, adminRole: roles.admin, tenantRole: roles.tenant };
}

/** As a list for `in`; a schema that cannot be read has a check of its own. */
async function namesOfTables({ project }: Examination): Promise<string> {
  const expected = await project()
    .then(
      async (loaded) => (await loaded.loadSchema()).expected.tables,
      () => [],
    )
    .catch(() => []);
  const pairs = expected.map(({ schema, name }) => `(${quoteLiteral(schema)}, ${quoteLiteral(name)})`);
  return pairs.length === 0 ? "(null, null)" : pairs.join(", ");
}
