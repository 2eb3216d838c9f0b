import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

const TABLES = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

type Undo = { readonly quiet: readonly string[]; readonly wake: readonly string[] };

/**
 * Keeps triggers, foreign keys and row security from acting on rows that are loaded, and gives the function that puts all of
 * it back, in the same transaction.
 *
 * A role that may set `session_replication_role` (a superuser, or one to whom the parameter was granted) switches triggers
 * and foreign keys off with it. Any other owner disables the triggers one by one; its foreign keys stay in force, and those
 * against the order of the tables are checked at the end.
 *
 * @param order the tables' names as they are loaded, to know which references lead forward.
 */
export async function quietTables(
  session: Session,
  order: readonly { readonly schema: string; readonly name: string }[],
): Promise<() => Promise<void>> {
  const [may] = await session.unsafe<{ replica: boolean }[]>(
    "select has_parameter_privilege('session_replication_role', 'set') as replica",
  );
  const isReplica = may?.replica === true;
  const parts = [
    await unvalidated(session),
    await triggers(session, isReplica ? ["A", "R"] : ["O", "A"]),
    ...(isReplica ? [] : [await forced(session), await forward(session, order)]),
  ];
  const quiet = parts.flatMap((part) => part.quiet);
  const wake = parts.flatMap((part) => part.wake);
  if (isReplica) await session.unsafe("set local session_replication_role = replica");
  for (const sql of quiet) await session.unsafe(sql);
  if (!isReplica) await session.unsafe("set constraints all deferred");
  return async () => {
    if (!isReplica) await session.unsafe("set constraints all immediate");
    for (const sql of wake) await session.unsafe(sql);
  };
}

const MODES: Readonly<Record<string, string>> = { O: "enable", A: "enable always", R: "enable replica" };

/** Those of views cannot be disabled, and need not be. */
async function triggers(session: Session, modes: readonly string[]): Promise<Undo> {
  const found = await session.unsafe<{ schema: string; name: string; trigger: string; mode: string }[]>(
    `select n.nspname as schema, c.relname as name, t.tgname as trigger, t.tgenabled as mode
     from pg_catalog.pg_trigger t join ${TABLES.replace("where", "on c.oid = t.tgrelid where")}
     and c.relkind in ('r', 'p') and not t.tgisinternal and t.tgenabled::text = any($1)`,
    [[...modes]],
  );
  const alter = ({ schema, name }: { schema: string; name: string }) =>
    `alter table only ${qualify(schema, name)}`;
  return {
    quiet: found.map((one) => `${alter(one)} disable trigger ${quoteIdentifier(one.trigger)}`),
    wake: found.map((one) => `${alter(one)} ${MODES[one.mode]} trigger ${quoteIdentifier(one.trigger)}`),
  };
}

/** Rows that were there before a constraint was added NOT VALID may break it; it is for new ones. */
async function unvalidated(session: Session): Promise<Undo> {
  const found = await session.unsafe<
    { schema: string; name: string; constraint: string; definition: string; comment: string | null }[]
  >(
    `select n.nspname as schema, c.relname as name, k.conname as constraint,
       pg_catalog.pg_get_constraintdef(k.oid) as definition, pg_catalog.obj_description(k.oid, 'pg_constraint') as comment
     from pg_catalog.pg_constraint k join ${TABLES.replace("where", "on c.oid = k.conrelid where")}
     and k.contype in ('c', 'f', 'n') and not k.convalidated and k.conislocal and k.conparentid = 0
     and coalesce(pg_catalog.to_jsonb(k)->>'conenforced', 'true') = 'true'`,
  );
  return {
    quiet: found.map(
      ({ schema, name, constraint }) =>
        `alter table ${qualify(schema, name)} drop constraint ${quoteIdentifier(constraint)}`,
    ),
    wake: found.flatMap(({ schema, name, constraint, definition, comment }) => [
      `alter table ${qualify(schema, name)} add constraint ${quoteIdentifier(constraint)} ${definition}`,
      ...(comment === null
        ? []
        : [
            `comment on constraint ${quoteIdentifier(constraint)} on ${qualify(schema, name)} is ${quoteLiteral(comment)}`,
          ]),
    ]),
  };
}

/** COPY takes no rows for a table whose row security binds the role. */
async function forced(session: Session): Promise<Undo> {
  const found = await session.unsafe<{ schema: string; name: string }[]>(
    `select n.nspname as schema, c.relname as name from ${TABLES} and c.relkind in ('r', 'p') and c.relforcerowsecurity`,
  );
  const alter = (how: string) =>
    found.map(({ schema, name }) => `alter table ${qualify(schema, name)} ${how} row level security`);
  return { quiet: alter("no force"), wake: alter("force") };
}

async function forward(
  session: Session,
  order: readonly { readonly schema: string; readonly name: string }[],
): Promise<Undo> {
  const found = await session.unsafe<
    { schema: string; name: string; constraint: string; to: string; tos: string }[]
  >(
    `select n.nspname as schema, c.relname as name, k.conname as constraint, f.relname as to, fn.nspname as tos
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
     join ${TABLES.replace("where", "on c.oid = k.conrelid where")}
     and k.contype = 'f' and not k.condeferrable and k.conparentid = 0 and k.convalidated`,
  );
  const at = (schema: string, name: string) =>
    order.findIndex((table) => table.schema === schema && table.name === name);
  const leading = found.filter(({ schema, name, tos, to }) => at(tos, to) > at(schema, name));
  const alter = (how: string) =>
    leading.map(
      ({ schema, name, constraint }) =>
        `alter table ${qualify(schema, name)} alter constraint ${quoteIdentifier(constraint)} ${how}`,
    );
  return { quiet: alter("deferrable initially deferred"), wake: alter("not deferrable") };
}
