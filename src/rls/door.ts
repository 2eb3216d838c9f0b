import { getColumns, getColumnTable, getTableName } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { requireReason } from "./require-reason.js";

/** How a door finds its one row. */
export type DoorOptions = {
  /** A tenant table, or the tenant root. */
  readonly table: PgTable;
  /** The columns whose values are asked for, each compared exactly; together they must be unique in the whole table. */
  readonly by: AnyPgColumn | readonly [AnyPgColumn, ...AnyPgColumn[]];
  /** `lower`: compares a text without regard to case, by the unique expression `lower(column)`. Default: as it is. */
  readonly normalize?: "lower";
  /** What is told of the row. Left out, the door tells only whether there is one. */
  readonly returns?: readonly [AnyPgColumn, ...AnyPgColumn[]];
  /** Why this must be found before the tenant is known. Printed by the checks. */
  readonly reason: string;
  /** The role that may call it. Default: the tenant role, so every service. */
  readonly to?: string;
};

/** What was declared, with the columns as lists. */
export type DoorDeclaration = Omit<DoorOptions, "by" | "returns"> & {
  readonly name: string;
  readonly by: readonly AnyPgColumn[];
  readonly returns: readonly AnyPgColumn[] | undefined;
};

/** A schema may be loaded by a second copy of this module: doors are known by a mark, not by class. */
const DOOR = Symbol.for("tenantry.door");

/**
 * A door of the schema. `generated/doors.ts` gives each its types: what it is asked with, and what it answers.
 */
export type Door<Arguments extends readonly unknown[] = readonly unknown[], Answer = unknown> = {
  /** Never there: it carries the types alone. */
  readonly types?: { readonly arguments: Arguments; readonly answer: Answer };
};

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Declares a look-up that must happen before the tenant is known, such as login by e-mail. Export it from a schema file:
 * the completion makes a SECURITY DEFINER function of it, owned by the door role, that finds at most one row by equality
 * and tells the named columns; `tenantry generate` gives it types, and `connect({ doors })` calls it.
 *
 * @param name the function's name: lower-case letters, digits and `_`, at most 63 of them.
 * @throws TenantryError `schema-invalid` for a name that is none, a missing reason, or a column of another table. Whether
 * the key is unique is judged when the whole schema is read.
 * @example
 * export const findCreatorByEmail = door("find_creator_by_email", {
 *   table: creators,
 *   by: creators.email,
 *   normalize: "lower",
 *   returns: [creators.id, creators.passwordHash, creators.status],
 *   reason: "An address signs in before the creator is known.",
 * });
 */
export function door(name: string, options: DoorOptions): Door {
  const { table, by, returns, reason, normalize, to } = options;
  const what = `the door ${name}`;
  if (!NAME.test(name)) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `${JSON.stringify(name)} cannot be the name of a door.`,
      hint: "Use lower-case letters, digits and _, beginning with a letter, 63 at most: find_creator_by_email.",
    });
  }
  requireReason(reason, what);
  const keys = [by].flat();
  for (const column of [...keys, ...(returns ?? [])]) requireOwn(column, table, what);
  const declaration: DoorDeclaration = {
    name,
    table,
    by: keys,
    returns: returns === undefined ? undefined : [...new Set(returns)],
    reason,
    ...(normalize === undefined ? {} : { normalize }),
    ...(to === undefined ? {} : { to }),
  };
  return Object.freeze({ [DOOR]: declaration }) as Door;
}

/** What `door()` was told, if this is what it returned. */
export function doorOf(value: unknown): DoorDeclaration | undefined {
  if (typeof value !== "object" || value === null || !(DOOR in value)) return undefined;
  return value[DOOR] as DoorDeclaration;
}

/** The property of a table object that holds a column, such as `passwordHash`. */
export function propertyOf(table: PgTable, column: AnyPgColumn): string {
  const columns: Record<string, AnyPgColumn> = getColumns(table) as never;
  return Object.entries(columns).find(([, each]) => each.name === column.name)?.[0] ?? column.name;
}

function requireOwn(column: AnyPgColumn | undefined, table: PgTable, what: string): void {
  if (column !== undefined && getColumnTable(column) === table) return;
  throw new TenantryError({
    code: "schema-invalid",
    message:
      column === undefined
        ? `A column of ${what} is undefined.`
        : `The column ${column.name} of ${what} is not one of its table, ${getTableName(table)}.`,
    hint: "A door looks into one table: name its own columns in by and returns.",
  });
}
