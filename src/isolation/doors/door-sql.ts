import { DOOR_SCHEMA } from "../../core/door-schema.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { ExpectedDoor } from "./expected-door.js";

/** The types of a door's parameters, as the server lists them; they have no names. */
export function doorParameters(door: Pick<ExpectedDoor, "by">): string {
  return door.by.map(({ type }) => type).join(", ");
}

/** The function with its parameters, as GRANT and ALTER name it. */
export function doorSignature(door: Pick<ExpectedDoor, "name" | "by">): string {
  return `${qualify(DOOR_SCHEMA, door.name)}(${doorParameters(door)})`;
}

/** The columns that the door role must be able to read, each once. */
export function doorColumns(door: Pick<ExpectedDoor, "by" | "returns">): string[] {
  return [...new Set([...door.by, ...(door.returns ?? [])].map(({ name }) => name))];
}

/**
 * The function of a door. Every name in it has its schema, the operator included, so that neither a search path nor a
 * temporary object can put another in its place; parameters have numbers and not names, which a column's could hide. It
 * is strict: NULL finds nothing. The key is unique: it finds one row at most.
 */
export function createDoorSql(door: ExpectedDoor): string {
  const condition = door.by
    .map(
      ({ name }, index) =>
        `${compared(door, `found.${quoteIdentifier(name)}`)} operator(pg_catalog.=) ${compared(door, `$${index + 1}`)}`,
    )
    .join(" and ");
  const from = `from ${qualify(door.schema, door.table)} as found\n      where ${condition}`;
  const { returns } = door;
  const answer =
    returns === undefined
      ? "boolean"
      : `table (${returns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(", ")})`;
  const body =
    returns === undefined
      ? `select exists (\n      select ${from}\n    )`
      : `select ${returns.map(({ name }) => `found.${quoteIdentifier(name)}`).join(", ")}\n      ${from}\n      limit 1`;
  return `create or replace function ${doorSignature(door)} returns ${answer}
  language sql stable strict security definer${returns === undefined ? "" : " rows 1"} set search_path = pg_catalog, pg_temp
  as $body$
    ${body}
  $body$`;
}

/** After the creation, which gives everybody EXECUTE: only the one role may call it, and it runs as the door role. */
export function closeDoorSql(door: ExpectedDoor, doorRole: string): string[] {
  const signature = doorSignature(door);
  const owner = quoteIdentifier(doorRole);
  return [
    `revoke all on function ${signature} from public`,
    `grant execute on function ${signature} to ${quoteIdentifier(door.to)}`,
    joinRole(doorRole),
    `alter function ${signature} owner to ${owner}`,
    leaveRole(doorRole),
  ];
}

/** A setting that says, between two statements, that the migrator has been put into the door role. */
const JOINED = "tenantry.door_joined";

/**
 * To give a function away, who is no superuser must be able to become its new owner, who must be able to create in the
 * schema: both for the one statement behind it. Before PostgreSQL 16 every member could become what it was a member of.
 */
function joinRole(role: string): string {
  return `do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    if not pg_catalog.pg_has_role(current_user, ${quoteLiteral(role)},
      case when cast(pg_catalog.current_setting('server_version_num') as int) >= 160000 then 'set' else 'member' end) then
      execute pg_catalog.format('grant %I to %I', ${quoteLiteral(role)}, current_user);
      perform pg_catalog.set_config('${JOINED}', 'yes', false);
    end if;
    execute pg_catalog.format('grant create on schema %I to %I', '${DOOR_SCHEMA}', ${quoteLiteral(role)});
  end if;
end
$body$`;
}

function leaveRole(role: string): string {
  return `do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    execute pg_catalog.format('revoke create on schema %I from %I', '${DOOR_SCHEMA}', ${quoteLiteral(role)});
    if pg_catalog.current_setting('${JOINED}', true) = 'yes' then
      perform pg_catalog.set_config('${JOINED}', '', false);
      execute pg_catalog.format('revoke %I from %I', ${quoteLiteral(role)}, current_user);
    end if;
  end if;
end
$body$`;
}

function compared(door: Pick<ExpectedDoor, "normalize">, value: string): string {
  return door.normalize === "lower" ? `pg_catalog.lower(${value})` : value;
}
