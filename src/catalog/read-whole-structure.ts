import type { Database } from "../postgres/connect.js";
import type { Structure } from "./catalog.js";
import type { Transaction } from "./grants-json.js";
import { readObjects } from "./objects/read-objects.js";
import { restoreOutput, saveOutput, setPlainOutput } from "./plain-output.js";
import { readStructure } from "./read-catalog.js";

/** Which part of a database to read whole. */
export type WholeScope = {
  /** Undefined: every schema but PostgreSQL's own. */
  readonly schemas?: readonly string[] | undefined;
};

/**
 * Reads everything that a migration can make, in two round trips: what a fingerprint is made of. Roles belong to the
 * server, and their memberships too, so none is read.
 *
 * @param database a pool, for a transaction of its own; or a transaction that is open, which is left as it was.
 */
export async function readWholeStructure(
  database: Database | Transaction,
  scope: WholeScope = {},
): Promise<Structure> {
  if ("begin" in database) {
    return await database.begin("isolation level repeatable read read only", (session) =>
      readWhole(session, scope),
    );
  }
  const session: Transaction = database;
  const saved = saveOutput(session);
  const [structure] = await Promise.all([readWhole(session, scope), saved]);
  await restoreOutput(session);
  return structure;
}

async function readWhole(session: Transaction, scope: WholeScope): Promise<Structure> {
  const [schemas] = await Promise.all([scope.schemas ?? readSchemas(session), setPlainOutput(session)]);
  const [structure, objects] = await Promise.all([
    readStructure(session, { schemas, roles: [] }),
    readObjects(session, schemas),
  ]);
  return {
    ...structure,
    relations: structure.relations.filter(({ schema }) => schemas.includes(schema)),
    objects,
  };
}

async function readSchemas(session: Transaction): Promise<string[]> {
  const rows = await session<{ name: string }[]>`
    select n.nspname as name from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend e where e.classid = 'pg_namespace'::regclass and e.objid = n.oid and e.deptype = 'e')`;
  return rows.map(({ name }) => name);
}
