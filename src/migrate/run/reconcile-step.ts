import { TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { MigrationStatement } from "../statements/migration-statement.js";
import type { OutsideStatement, OwnCatalog, WrittenName } from "../statements/outside-statement.js";
import type { Checkpoint } from "./checkpoints.js";
import { isSameIndex } from "./same-index.js";

/** What is left to do of a statement that runs alone. */
export type Reconciliation = {
  /** `done`: a run that was killed had finished it. */
  readonly verdict: "run" | "done" | "unknown";
  /** What was cleared away, for people. */
  readonly cleared: readonly string[];
};

const RUN: Reconciliation = { verdict: "run", cleared: [] };
const DONE: Reconciliation = { verdict: "done", cleared: [] };

/**
 * Looks at the catalog for what an earlier try has left: an effect that is whole means that the statement is done, an
 * invalid index is dropped, so that it can be built again.
 *
 * @param prior the checkpoint of an earlier try of this very statement.
 */
export async function reconcileStep(
  session: Session,
  { outside, text }: MigrationStatement,
  prior: Checkpoint | undefined,
): Promise<Reconciliation> {
  if (outside === undefined) return prior?.state === "started" ? { verdict: "unknown", cleared: [] } : RUN;
  switch (outside.type) {
    case "create-index":
      return await reconcileIndex(session, outside, text, prior);
    case "reindex":
      return outside.concurrent ? await clearReindex(session, outside, prior) : RUN;
    case "drop-index":
      return prior !== undefined && (await oidOf(session, outside.index)) === undefined ? DONE : RUN;
    case "detach-partition":
      return prior === undefined ? RUN : await reconcileDetach(session, outside);
    case "create-object":
    case "drop-object":
      return prior === undefined ? RUN : await reconcileObject(session, outside);
    case "opaque":
      return prior?.state === "started" ? { verdict: "unknown", cleared: [] } : RUN;
    case "repeatable":
      return RUN;
  }
}

/** What the catalog says before a statement, to tell afterwards what is new. */
export async function readBefore(session: Session, outside: OutsideStatement | undefined): Promise<unknown> {
  const table = outside?.type === "create-index" ? outside.table : undefined;
  const object = outside?.type === "reindex" ? outside.object : undefined;
  const name = table ?? object;
  return name === undefined ? null : { indexes: (await readIndexes(session, name)).map(({ oid }) => oid) };
}

type Index = {
  readonly oid: number;
  readonly name: string;
  readonly place: string;
  readonly valid: boolean;
  readonly definition: string;
  readonly builder: number | null;
};

/** The indexes of a table, or those beside an index on its table. */
async function readIndexes(session: Session, name: WrittenName): Promise<Index[]> {
  return await session.unsafe<Index[]>(`
    select i.indexrelid::int8::float8 as oid, c.relname as name, format('%I.%I', n.nspname, c.relname) as place,
           i.indisvalid and i.indisready as valid, pg_get_indexdef(i.indexrelid) as definition,
           (select pid from pg_stat_progress_create_index p where p.index_relid = i.indexrelid limit 1) as builder
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'i' and i.indrelid = (
      select coalesce((select indrelid from pg_index where indexrelid = named.oid), named.oid)
      from (select to_regclass(${quoteLiteral(written(name))})::oid as oid) as named)
    order by 1`);
}

async function reconcileIndex(
  session: Session,
  { table, index }: Extract<OutsideStatement, { type: "create-index" }>,
  text: string,
  prior: Checkpoint | undefined,
): Promise<Reconciliation> {
  const there = await readIndexes(session, table);
  const before = indexesBefore(prior);
  // Without a name of its own it is known by being new.
  const ours = there.filter(({ oid, name }) =>
    index === undefined ? before !== undefined && !before.has(oid) : name === index,
  );
  if (prior !== undefined) {
    const isDone = ours.some(({ oid, valid, definition }) =>
      valid && before?.has(oid) !== true ? isSameIndex(text, definition) : false,
    );
    if (isDone) return DONE;
  }
  return { verdict: "run", cleared: await dropInvalid(session, ours) };
}

/** REINDEX CONCURRENTLY builds beside the old index, under a name of its own, and leaves it there when it is killed. */
async function clearReindex(
  session: Session,
  { object }: Extract<OutsideStatement, { type: "reindex" }>,
  prior: Checkpoint | undefined,
): Promise<Reconciliation> {
  const before = indexesBefore(prior);
  if (object === undefined || before === undefined) return RUN;
  const left = (await readIndexes(session, object)).filter(
    ({ oid, name }) => !before.has(oid) && /_cc(new|old)\d*$/.test(name),
  );
  return { verdict: "run", cleared: await dropInvalid(session, left) };
}

/** An index that is not valid serves nobody, but blocks its name. */
async function dropInvalid(session: Session, indexes: readonly Index[]): Promise<string[]> {
  const cleared: string[] = [];
  for (const { place, valid, builder } of indexes) {
    if (valid) continue;
    if (builder !== null) {
      throw new TenantryError({
        code: "lock-timeout",
        message: `The index ${place} is being built by process ${builder}.`,
        hint: 'Run "tenantry migrate" again when it has ended.',
      });
    }
    await session.unsafe(`drop index concurrently if exists ${place}`);
    cleared.push(`dropped the invalid index ${place}`);
  }
  return cleared;
}

async function reconcileDetach(
  session: Session,
  { table, partition }: Extract<OutsideStatement, { type: "detach-partition" }>,
): Promise<Reconciliation> {
  const [row] = await session.unsafe<{ pending: boolean }[]>(
    `select inhdetachpending as pending from pg_inherits
     where inhparent = to_regclass(${quoteLiteral(written(table))}) and inhrelid = to_regclass(${quoteLiteral(written(partition))})`,
  );
  if (row === undefined) return DONE;
  if (!row.pending) return RUN;
  await session.unsafe(`alter table ${written(table)} detach partition ${written(partition)} finalize`);
  return { verdict: "done", cleared: [`finished detaching ${written(partition)}`] };
}

const CATALOGS: Readonly<Record<OwnCatalog, { readonly table: string; readonly column: string }>> = {
  database: { table: "pg_database", column: "datname" },
  tablespace: { table: "pg_tablespace", column: "spcname" },
  subscription: { table: "pg_subscription", column: "subname" },
};

async function reconcileObject(
  session: Session,
  { type, catalog, name }: Extract<OutsideStatement, { type: "create-object" | "drop-object" }>,
): Promise<Reconciliation> {
  const { table, column } = CATALOGS[catalog];
  const invalid = catalog === "database" ? "datconnlimit = -2" : "false";
  const [row] = await session.unsafe<{ invalid: boolean }[]>(
    `select ${invalid} as invalid from ${table} where ${column} = ${quoteLiteral(name)}`,
  );
  if (type === "drop-object") return row === undefined ? DONE : RUN;
  if (row === undefined) return RUN;
  if (!row.invalid) return DONE;
  await session.unsafe(`drop database ${quoteIdentifier(name)}`);
  return { verdict: "run", cleared: [`dropped the invalid database ${name}`] };
}

async function oidOf(session: Session, name: WrittenName): Promise<string | undefined> {
  const [row] = await session.unsafe<{ oid: string | null }[]>(
    `select to_regclass(${quoteLiteral(written(name))})::oid::text as oid`,
  );
  return row?.oid ?? undefined;
}

function written({ schema, name }: WrittenName): string {
  return schema === undefined ? quoteIdentifier(name) : qualify(schema, name);
}

function indexesBefore(prior: Checkpoint | undefined): ReadonlySet<number> | undefined {
  const before = prior?.before;
  if (typeof before !== "object" || before === null || !("indexes" in before)) return undefined;
  return Array.isArray(before.indexes) ? new Set(before.indexes.map(Number)) : undefined;
}
