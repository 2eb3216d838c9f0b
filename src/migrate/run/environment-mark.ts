import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import type { Environment } from "../../core/environment.js";
import { codeOf, TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import { ensureEngineTables } from "./engine-tables.js";

const META = qualify(ENGINE_SCHEMA, "meta");

/**
 * The environment that a database was marked with, or undefined if nobody has marked it.
 *
 * @throws TenantryError `role-insufficient` for a login that may not read the mark.
 * @example await readEnvironmentMark(database) // "production"
 */
export async function readEnvironmentMark(session: Session): Promise<string | undefined> {
  const [there] = await session<{ found: boolean }[]>`select to_regclass(${META}) is not null as found`.catch(
    explain,
  );
  if (there?.found !== true) return undefined;
  const [row] = await session
    .unsafe<{ value: string }[]>(`select value from ${META} where key = 'environment'`)
    .catch(explain);
  return row?.value;
}

function explain(thrown: unknown): never {
  if (codeOf(thrown) !== "42501") throw thrown;
  throw new TenantryError({
    code: "role-insufficient",
    message: "This login may not read with which environment its database is marked.",
    hint: "Nothing was changed. Connect as a login that may read tenantry.meta, the migrator for example.",
    cause: thrown,
  });
}

/** Marks a database with its environment; a mark that is there is replaced. */
export async function writeEnvironmentMark(session: Session, environment: Environment): Promise<void> {
  await ensureEngineTables(session);
  await session.unsafe(
    `insert into ${META} (key, value) values ('environment', $1) on conflict (key) do update set value = excluded.value`,
    [environment],
  );
}

/**
 * Refuses a command that is meant for another environment than the database's own, in either direction.
 *
 * @param mark what {@link readEnvironmentMark} gave.
 * @throws TenantryError `production-refused` naming both.
 */
export function requireEnvironment(mark: string | undefined, environment: Environment): void {
  if (mark === undefined || mark === environment) return;
  throw new TenantryError({
    code: "production-refused",
    message: `This is a ${mark} database, and the command is for ${environment}.`,
    hint: `Nothing was changed. Point DATABASE_URL at the ${environment} database, or run the command with --env ${mark}. If the mark is wrong, a restored dump's for example: update ${META} set value = '${environment}' where key = 'environment'.`,
  });
}
