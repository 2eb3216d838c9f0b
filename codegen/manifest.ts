import { createHash } from "node:crypto";
import type { TenancySettings } from "../src/core/tenancy-settings.js";
import { subjectOf } from "./code-rule.js";
import type { Literal } from "./emit/literal.js";
import type { DoorModel, SchemaModel, TableModel } from "./schema-model.js";

/** What the schema promises about its tables, as data that a program can read. */
export type Manifest = { readonly [key: string]: Literal } & { readonly digest: string };

/** Puts together the manifest; its digest is over all the rest of it, as JSON. */
export function createManifest(model: SchemaModel, settings: TenancySettings): Manifest {
  const { column, setting, roles } = settings;
  const tables = [...model.tables].sort((one, other) => (subjectOf(one) < subjectOf(other) ? -1 : 1));
  const content = {
    tenancy: { column, setting, roles: { tenant: roles.tenant, door: roles.door, admin: roles.admin } },
    tables: Object.fromEntries(tables.map((table) => [subjectOf(table), describe(table, settings)])),
    doors: Object.fromEntries(model.doors.map((door) => [door.name, describeDoor(door, settings)])),
  };
  const digest = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return { digest, ...content };
}

/** What the completion grants on a table, by role. */
export function grantsOf(
  { declaration }: TableModel,
  { roles }: TenancySettings,
): Readonly<Record<string, readonly string[]>> {
  if (declaration === undefined) return {};
  const whole = ["select", "insert", "update", "delete"];
  const admin = declaration.auditLog === undefined ? whole : declaration.commands;
  return { [roles.tenant]: declaration.commands, [roles.admin]: admin };
}

function describeDoor(door: DoorModel, { roles }: TenancySettings): Literal {
  return {
    table: door.table === undefined ? null : subjectOf(door.table),
    by: door.by.map(({ name }) => name),
    normalize: door.normalize ?? null,
    returns: door.returns?.map(({ name }) => name) ?? null,
    to: door.to ?? roles.tenant,
    reason: door.reason,
  };
}

function describe(table: TableModel, settings: TenancySettings): Literal {
  const { schema, name, declaration, policies } = table;
  const { tenantColumn, tenantType } = declaration ?? {};
  return {
    schema,
    name,
    kind: declaration?.kind ?? "undeclared",
    reason: declaration?.reason ?? null,
    tenantColumn:
      tenantColumn === undefined || tenantType === undefined
        ? null
        : { name: tenantColumn, type: tenantType },
    commands: declaration?.commands ?? [],
    policies: [...policies]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map((policy) => ({
        name: policy.name,
        permissive: policy.permissive,
        command: policy.command,
        roles: policy.roles,
        using: policy.using ?? null,
        check: policy.check ?? null,
      })),
    grants: grantsOf(table, settings),
    audit: declaration?.audit ?? false,
    auditLog: declaration?.auditLog !== undefined,
    secret: declaration?.secret ?? [],
    exceptions: (declaration?.exceptions ?? []).map(({ rule, subject, reason }) => ({
      rule,
      subject,
      reason,
    })),
  };
}
