import type { AnyRelations } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { camelCase } from "../../core/camel-case.js";
import { DOOR_SCHEMA } from "../../core/door-schema.js";
import { codeOf, TenantryError } from "../../core/errors.js";
import { type Door, type DoorDeclaration, doorOf, propertyOf } from "../../rls/door.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import type { DrizzleShape } from "../tenant/drizzle-shape.js";
import { isInside } from "../tenant/surroundings.js";
import { DoorDriver, type DoorScope } from "./door-driver.js";

/** The doors of a schema, as `generated/doors.ts` exports them. */
export type DoorsByName = Readonly<Record<string, Door>>;

/** A function for each door. */
export type DoorCalls<TDoors extends DoorsByName> = {
  readonly [Name in keyof TDoors]: TDoors[Name] extends Door<infer Arguments, infer Answer>
    ? (...keys: Arguments) => Promise<Answer>
    : never;
};

type Execute = (values: Record<string, unknown>) => Promise<readonly Record<string, unknown>[]>;

/**
 * Makes a function of each door: it asks with the whole key, and answers the row or undefined; or, if the door tells
 * nothing of the row, whether there is one.
 *
 * @throws TenantryError `argument-invalid` for what is no door.
 */
export function createDoorCalls<TDoors extends DoorsByName, TRelations extends AnyRelations>(
  doors: TDoors,
  scope: DoorScope,
  shape: DrizzleShape<TRelations>,
): DoorCalls<TDoors> {
  const calls = Object.entries(doors).map(([name, value]) => {
    const declared = doorOf(value);
    if (declared === undefined) throw notADoor(name);
    return [name, createCall(name, declared, scope, shape)] as const;
  });
  return Object.freeze(Object.fromEntries(calls)) as DoorCalls<TDoors>;
}

function createCall<TRelations extends AnyRelations>(
  name: string,
  door: DoorDeclaration,
  scope: DoorScope,
  shape: DrizzleShape<TRelations>,
) {
  let execute: Execute | undefined;
  return async (...keys: readonly unknown[]): Promise<unknown> => {
    requireKeys(name, door, keys);
    refuseInsideTransaction(scope.pool);
    // Built when it is first called: most services call few doors.
    execute ??= prepareCall(door, scope, shape);
    try {
      const [row] = await execute(Object.fromEntries(keys.map((key, index) => [`key${index}`, key])));
      return door.returns === undefined ? row?.answer === true : row;
    } catch (thrown) {
      throw isUnreadable(thrown) ? unreadable(name, thrown) : thrown;
    }
  };
}

function prepareCall<TRelations extends AnyRelations>(
  door: DoorDeclaration,
  scope: DoorScope,
  shape: DrizzleShape<TRelations>,
): Execute {
  const keys = door.by.map((column, index) => sql`${sql.param(sql.placeholder(`key${index}`), column)}`);
  const call = sql`${sql.identifier(DOOR_SCHEMA)}.${sql.identifier(door.name)}(${sql.join(keys, sql`, `)})`;
  const found = (column: AnyPgColumn) => sql`found.${sql.identifier(column.name)}`.mapWith(column);
  const fields = Object.fromEntries(
    (door.returns ?? []).map((column) => [propertyOf(door.table, column), found(column)]),
  );
  const database = shape(new DoorDriver(scope), undefined);
  const prepared =
    door.returns === undefined
      ? database.select({ answer: sql<boolean>`found.answer` }).from(sql`${call} as found(answer)`)
      : database.select(fields).from(sql`${call} as found`);
  const query = prepared.prepare(camelCase(door.name));
  return async (values) => await query.execute(values);
}

/** Callers in JavaScript may hand over anything. NULL would find nothing, and "not revoked" must never mean that. */
function requireKeys(name: string, { by }: DoorDeclaration, keys: readonly unknown[]): void {
  const wrong = keys.length !== by.length || keys.some((key) => key === undefined || key === null);
  if (!wrong && !keys.some((key) => typeof key === "string" && key.includes("\0"))) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `The door ${name} was not called with a value for each of ${by.map((column) => column.name).join(", ")}.`,
    hint: "Pass them in this order, none of them null or undefined, and no NUL character in a text.",
  });
}

/** A text that is no uuid or no number of the column's type. */
function isUnreadable(thrown: unknown): boolean {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  return ["22P02", "22003", "22021"].includes(codeOf(cause) ?? "");
}

function unreadable(name: string, cause: unknown): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `The door ${name} was called with a value that its column cannot hold.`,
    hint: "Check what a request brings before it is looked up: a uuid, a whole number in range.",
    cause,
  });
}

function notADoor(name: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `${name} in the doors of connect() is not what door() returns.`,
    hint: 'Pass what generated/doors.ts exports as doors; "tenantry generate" writes it.',
  });
}

/** It would run on a second connection, past the transaction, and wait for it forever on a small pool. */
function refuseInsideTransaction(pool: ConnectionPool): void {
  if (!isInside(pool)) return;
  throw new TenantryError({
    code: "isolation",
    message: "A door was called inside a transaction.",
    hint: "Call it before the transaction begins: a door finds out whose transaction it is going to be.",
  });
}
