import { factKey } from "../catalog/facts.js";
import { DOOR_SCHEMA } from "../core/door-schema.js";
import { ENGINE_SCHEMA } from "../core/engine-schema.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import type { GlobalUnique } from "../rls/table-declaration.js";
import { doorCallers, doorDemand, doorGrants, doorSchema } from "./doors/door-demands.js";
import { arrayArgument, auditFunction, touchFunction, uuidV7Function } from "./engine-functions.js";
import type { Expected, ExpectedPolicy, ExpectedTable, ExpectedView, SetNullReference } from "./expected.js";
import { managedSchemas } from "./managed-schemas.js";

/** Something that must be so in the database and that drizzle-kit cannot write, with the SQL that makes it so. */
export type Demand = {
  /** The key of the {@link import("../catalog/facts.js").Fact} that it establishes. */
  readonly key: string;
  /** `before` what drizzle-kit writes (roles, functions that defaults call) or `after` it. */
  readonly phase: "before" | "after";
  /** Takes away what stands in the way; run first where the fact is there and is not as demanded. */
  readonly clear: readonly string[];
  readonly make: readonly string[];
};

/** A demand's SQL where nobody knows what is there: it may be run again, and over whatever stands there. */
export function demandSql(demand: Demand): string[] {
  return [...demand.clear, ...demand.make];
}

/** The names of the triggers that the completion makes, the same on every table, so that they survive a rename. */
export const ENGINE_TRIGGERS = { touch: "tenantry_touch", audit: "tenantry_audit" } as const;

/** The completion of an empty database, demand by demand, in the order in which to run it. */
export function listDemands(expected: Expected): Demand[] {
  const { settings } = expected;
  const log = expected.tables.find((table) => table.declaration?.auditLog !== undefined);
  const touches = expected.tables.some((table) => touchedColumn(expected, table) !== undefined);
  const audits = expected.tables.some((table) => table.declaration?.audit === true);
  const logColumns = log?.declaration?.auditLog;
  const auditInto =
    log === undefined || logColumns === undefined || !audits
      ? undefined
      : auditFunction(settings, log, logColumns);
  const functions = [...(touches ? [touchFunction()] : []), ...(auditInto === undefined ? [] : [auditInto])];
  const fromEngine = expected.needsUuidV7 ? [functionDemand("before", uuidV7Function())] : [];
  return [
    ...[
      ...new Set([
        settings.roles.tenant,
        settings.roles.door,
        settings.roles.admin,
        ...doorCallers(expected),
      ]),
    ].map(roleDemand),
    adminMembership(settings.roles.admin),
    ...(fromEngine.length + functions.length > 0 ? [engineSchema()] : []),
    ...fromEngine,
    ...(expected.doors.length > 0 ? [doorSchema()] : []),
    ...managedSchemas(expected).flatMap((schema) =>
      schemaDemands(schema, [
        settings.roles.tenant,
        settings.roles.admin,
        ...(expected.doors.some((door) => door.schema === schema) ? [settings.roles.door] : []),
      ]),
    ),
    ...functions.map((made) => functionDemand("after", made)),
    ...expected.tables.flatMap((table) => tableDemands(expected, table, auditInto?.name)),
    ...expected.views
      .filter((view) => view.securityInvoker)
      .flatMap((view) =>
        [settings.roles.tenant, settings.roles.admin].map((role) => grantDemand(view, role, ["select"])),
      ),
    ...(expected.doors.length > 0 ? schemaDemands(DOOR_SCHEMA, doorCallers(expected)) : []),
    ...doorGrants(expected),
    ...expected.doors.map((door) => doorDemand(expected, door)),
  ];
}

/** Roles belong to the whole server and may exist already; two databases may be migrated at once. */
function roleDemand(role: string): Demand {
  const name = quoteIdentifier(role);
  return {
    key: factKey.role(role),
    phase: "before",
    clear: [],
    make: [
      `do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = ${quoteLiteral(role)}) then
    create role ${name} nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made by another session at the same moment
end
$body$`,
    ],
  };
}

/**
 * FORCE binds the owner, too: a migrator that nothing exempts works through the admin role's policy. Since PostgreSQL 16
 * who creates a role is a member of it, but inherits nothing from it: so `usage`, and not `member`.
 */
function adminMembership(role: string): Demand {
  return {
    key: `membership in ${quoteIdentifier(role)}`,
    phase: "before",
    clear: [],
    make: [
      `do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and (rolsuper or rolbypassrls))
     and not pg_catalog.pg_has_role(current_user, ${quoteLiteral(role)}, 'usage') then
    execute pg_catalog.format('grant %I to %I', ${quoteLiteral(role)}, current_user);
  end if;
end
$body$`,
    ],
  };
}

function engineSchema(): Demand {
  return {
    key: factKey.schema(ENGINE_SCHEMA),
    phase: "before",
    clear: [],
    make: [`create schema if not exists ${quoteIdentifier(ENGINE_SCHEMA)}`],
  };
}

function functionDemand(
  phase: Demand["phase"],
  made: { readonly name: string; readonly create: string },
): Demand {
  return { key: factKey.function(ENGINE_SCHEMA, made.name, ""), phase, clear: [], make: [made.create] };
}

function schemaDemands(schema: string, roles: readonly string[]): Demand[] {
  const name = quoteIdentifier(schema);
  return [
    {
      key: factKey.schemaGrant(schema, "PUBLIC"),
      phase: "after",
      clear: [],
      make: [`revoke create on schema ${name} from public`],
    },
    ...roles.map((role): Demand => {
      const grantee = quoteIdentifier(role);
      return {
        key: factKey.schemaGrant(schema, role),
        phase: "after",
        clear: [`revoke all on schema ${name} from ${grantee}`],
        make: [`grant usage on schema ${name} to ${grantee}`],
      };
    }),
  ];
}

function tableDemands(expected: Expected, table: ExpectedTable, auditInto: string | undefined): Demand[] {
  const { declaration, schema, name } = table;
  if (declaration === undefined) return [];
  const { roles } = expected.settings;
  const place = qualify(schema, name);
  const touched = touchedColumn(expected, table);
  const admin =
    declaration.auditLog === undefined ? ["select", "insert", "update", "delete"] : declaration.commands;
  return [
    {
      key: factKey.rowSecurity(schema, name),
      phase: "after",
      clear: [],
      make: [`alter table ${place} enable row level security, force row level security`],
    },
    ...table.policies.map((policy) => policyDemand(table, policy)),
    ...table.setNullReferences.map((reference) => setNullDemand(table, reference)),
    ...table.globalUniques.map((unique) => globalUniqueDemand(table, unique)),
    grantDemand(table, roles.tenant, declaration.commands),
    grantDemand(table, roles.admin, admin),
    ...table.serialColumns.flatMap((column) =>
      [roles.tenant, roles.admin].map((role) => sequenceDemand(table, column, role)),
    ),
    ...(touched === undefined
      ? []
      : [
          triggerDemand(table, ENGINE_TRIGGERS.touch, "before update", touchFunction().name, [
            quoteLiteral(touched),
          ]),
        ]),
    ...(auditInto === undefined || !declaration.audit || declaration.tenantColumn === undefined
      ? []
      : [
          triggerDemand(table, ENGINE_TRIGGERS.audit, "after insert or update or delete", auditInto, [
            quoteLiteral(declaration.tenantColumn),
            arrayArgument(table.primaryKey),
            arrayArgument(declaration.secret),
          ]),
        ]),
  ];
}

/** Roles that are words of the language and not names. */
const ROLE_WORDS: ReadonlySet<string> = new Set(["public", "current_user", "current_role", "session_user"]);

/** Written by drizzle-kit in the usual case; demanded all the same, for the changes that it gets wrong. */
function policyDemand(table: ExpectedTable, policy: ExpectedPolicy): Demand {
  const place = qualify(table.schema, table.name);
  const name = quoteIdentifier(policy.name);
  const roles = policy.roles.map((role) => (ROLE_WORDS.has(role) ? role : quoteIdentifier(role))).join(", ");
  const using = policy.using === undefined ? "" : ` using (${policy.using})`;
  const check = policy.check === undefined ? "" : ` with check (${policy.check})`;
  const kind = policy.permissive ? "permissive" : "restrictive";
  return {
    key: factKey.policy(table.schema, table.name, policy.name),
    phase: "after",
    clear: [`drop policy if exists ${name} on ${place}`],
    make: [`create policy ${name} on ${place} as ${kind} for ${policy.command} to ${roles}${using}${check}`],
  };
}

function grantDemand(table: ExpectedTable | ExpectedView, role: string, commands: readonly string[]): Demand {
  const place = qualify(table.schema, table.name);
  const grantee = quoteIdentifier(role);
  return {
    key: factKey.grant(table.schema, table.name, role),
    phase: "after",
    clear: [`revoke all on ${place} from ${grantee}`],
    make: [`grant ${commands.join(", ")} on ${place} to ${grantee}`],
  };
}

function sequenceDemand(table: ExpectedTable, column: string, role: string): Demand {
  const sequence = `pg_catalog.pg_get_serial_sequence(${quoteLiteral(qualify(table.schema, table.name))}, ${quoteLiteral(column)})`;
  return {
    key: factKey.sequenceGrant(table.schema, table.name, column, role),
    phase: "after",
    clear: [],
    make: [
      `do $body$
begin
  execute pg_catalog.format('grant usage on sequence %s to %I', ${sequence}, ${quoteLiteral(role)});
end
$body$`,
    ],
  };
}

function triggerDemand(
  table: ExpectedTable,
  name: string,
  when: string,
  fn: string,
  parameters: readonly string[],
): Demand {
  const place = qualify(table.schema, table.name);
  return {
    key: factKey.trigger(table.schema, table.name, name),
    phase: "after",
    clear: [],
    make: [
      `create or replace trigger ${quoteIdentifier(name)} ${when} on ${place}
  for each row execute function ${qualify(ENGINE_SCHEMA, fn)}(${parameters.join(", ")})`,
    ],
  };
}

function setNullDemand(table: ExpectedTable, reference: SetNullReference): Demand {
  const list = (columns: readonly string[]) => columns.map(quoteIdentifier).join(", ");
  const onDelete = reference.nulled.length === 0 ? "" : ` on delete set null (${list(reference.nulled)})`;
  const place = qualify(table.schema, table.name);
  const name = quoteIdentifier(reference.constraint);
  return {
    key: factKey.constraint(table.schema, table.name, reference.constraint),
    phase: "after",
    clear: [`alter table ${place} drop constraint if exists ${name}`],
    make: [
      `alter table ${place} add constraint ${name} foreign key (${list(reference.columns)})
  references ${qualify(reference.foreignSchema, reference.foreignTable)} (${list(reference.foreignColumns)})${onDelete}`,
    ],
  };
}

/** Not a unique index, through which `on conflict do update` would reach a hidden row on unpatched servers. */
function globalUniqueDemand(table: ExpectedTable, unique: GlobalUnique): Demand {
  const place = qualify(table.schema, table.name);
  const name = quoteIdentifier(unique.constraint);
  return {
    key: factKey.constraint(table.schema, table.name, unique.constraint),
    phase: "after",
    clear: [`alter table ${place} drop constraint if exists ${name}`],
    make: [
      `alter table ${place} add constraint ${name} exclude using btree (${element(unique.expression)} with =)`,
    ],
  };
}

/** A column by its name, as the server prints it; anything else in brackets. */
function element(expression: string): string {
  return /^"(?:[^"]|"")+"$/.test(expression) ? expression : `(${expression})`;
}

function touchedColumn(expected: Expected, table: ExpectedTable): string | undefined {
  const column = expected.settings.updatedAtColumn;
  return table.declaration !== undefined && column !== false && table.columns.includes(column)
    ? column
    : undefined;
}
