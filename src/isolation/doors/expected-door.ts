import { getTableName, is } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig, PgEnumColumn } from "drizzle-orm/pg-core";
import { TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import { type DoorDeclaration, doorOf } from "../../rls/door.js";
import { contextType } from "../../rls/policy-expression.js";
import { declarationOf } from "../../rls/table-declaration.js";
import { hasUniqueKey } from "./unique-keys.js";

/** A column with the type that a function's signature gives it. */
export type DoorColumn = { readonly name: string; readonly type: string };

/** A door as the code demands it. */
export type ExpectedDoor = {
  readonly name: string;
  /** Where the row is looked for. */
  readonly schema: string;
  readonly table: string;
  readonly by: readonly DoorColumn[];
  readonly normalize: "lower" | undefined;
  /** Undefined if the door tells only whether there is a row. */
  readonly returns: readonly DoorColumn[] | undefined;
  /** The role that may call it. */
  readonly to: string;
  readonly reason: string;
};

/**
 * Reads the doors that schema modules export. One that is exported under two names counts once.
 *
 * @throws TenantryError `schema-invalid` for two of one name, a table that is not a tenant's, a key that is not unique in
 * the whole table or of a type that has no exact comparison, and a role that may not call doors.
 */
export function readDoors(
  settings: TenancySettings,
  exports: Readonly<Record<string, unknown>>,
): ExpectedDoor[] {
  const found = [...new Set(Object.values(exports).map(doorOf))].filter((one) => one !== undefined);
  const doors = found.map((one) => readDoor(settings, one));
  const seen = new Set<string>();
  for (const { name } of doors) {
    if (seen.has(name)) throw invalid(`Two doors are named ${name}.`, "Rename one of them.");
    seen.add(name);
  }
  return doors.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function readDoor(settings: TenancySettings, declared: DoorDeclaration): ExpectedDoor {
  const { name, table, by, returns, normalize, reason, to = settings.roles.tenant } = declared;
  const config = getTableConfig(table);
  const kind = declarationOf(table)?.kind;
  if (kind !== "tenant" && kind !== "root") {
    const why = kind === "global" ? "every service may read that table anyway" : "nobody has declared it";
    const hint = "A door is for a table with withTenantRls(t) or tenantRoot(t); read others without one.";
    throw invalid(`The door ${name} is to ${config.name}, but ${why}.`, hint);
  }
  if (to === settings.roles.door || to === settings.roles.admin || to.toLowerCase() === "public") {
    const hint = "Name the role of the services that need it, or leave `to` out for all services.";
    throw invalid(`The door ${name} cannot be for the role ${to}.`, hint);
  }
  const keys = by.map((column) => ({ name: column.name, type: keyType(name, table, column) }));
  if (normalize === "lower" && (keys.length > 1 || keys[0]?.type !== "text")) {
    const hint = "Leave normalize out, or look up by one text column.";
    throw invalid(`The door ${name} has normalize: "lower", which is for one text.`, hint);
  }
  if (
    !hasUniqueKey(
      table,
      config,
      keys.map((key) => key.name),
      normalize,
    )
  ) {
    const key = normalize === "lower" ? `lower(${keys[0]?.name})` : keys.map((each) => each.name).join(", ");
    throw invalid(
      `The door ${name} may find several rows: no key of ${config.name} makes ${key} unique in the whole table.`,
      "Declare it with globalUnique(t, { … }) or a unique index, not partial; or look up by more columns.",
    );
  }
  return {
    name,
    schema: config.schema ?? "public",
    table: config.name,
    by: keys,
    normalize,
    returns: returns?.map((column) => ({ name: column.name, type: answerType(column) })),
    to,
    reason,
  };
}

function keyType(door: string, table: PgTable, column: AnyPgColumn): string {
  const declared = column.getSQLType().toLowerCase();
  const type = isArray(column) ? undefined : exactType(withoutModifier(declared));
  if (type !== undefined) return type;
  throw invalid(
    `The door ${door} looks up by ${getTableName(table)}.${column.name}, whose type ${declared} has no exact comparison.`,
    "Look up by a column of type uuid, text, varchar, bytea or a whole number.",
  );
}

/** The type of a parameter that PostgreSQL compares by an exact operator of its own: those of tenant ids, and bytes. */
function exactType(type: string): string | undefined {
  return type === "bytea" ? type : contextType(type);
}

/** Functions have no modifiers on their types: `varchar(10)` is `varchar`. Enums are found with their schema. */
function answerType(column: AnyPgColumn): string {
  const dimensions = "[]".repeat(Number(Reflect.get(column, "dimensions") ?? 0));
  if (is(column, PgEnumColumn))
    return `${qualify(column.enum.schema ?? "public", column.enum.enumName)}${dimensions}`;
  const type = withoutModifier(column.getSQLType());
  // A serial is a column's type alone.
  return `${(/serial$/i.test(type) ? contextType(type) : undefined) ?? type}${dimensions}`;
}

function withoutModifier(type: string): string {
  return type.replace(/\s*\(\s*-?\d+(\s*,\s*-?\d+)*\s*\)/, "").trim();
}

function isArray(column: AnyPgColumn): boolean {
  return Number(Reflect.get(column, "dimensions") ?? 0) > 0;
}

function invalid(message: string, hint: string): TenantryError {
  return new TenantryError({ code: "schema-invalid", message, hint });
}
