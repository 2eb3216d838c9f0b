import { messageOf } from "../../core/errors.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { RowRequest } from "./column-choices.js";
import { neededReferences } from "./order-tables.js";
import { planRow } from "./plan-row.js";
import type { Answer, AnswerRow, ProbeSession } from "./probe-session.js";
import type { SuppliedRows } from "./supplied-rows.js";
import { findTable } from "./supplied-rows.js";
import type { Shapes, TableShape } from "./table-shape.js";
import type { TenantRows } from "./tenant-rows.js";

/** A row that was made, with the columns that were given; or why none could be. */
export type MadeRow =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string>; readonly row: AnswerRow }
  | { readonly ok: false; readonly reason: string };

/** What may be asked of a row. */
export type RowWishes = {
  readonly fixed?: ReadonlyMap<string, string>;
  readonly conditions?: readonly string[];
  /** True to fill every column that can carry a telling value; where that fails, a plain row is made. */
  readonly decorated?: boolean;
};

/** What the rows of each table must meet, where that can be had. */
type ConditionsOf = { readonly conditionsOf?: (shape: TableShape) => readonly string[] };

/** Makes rows up. */
export type RowMaker = {
  /** From now on rows are made in their tenant's context, as some triggers ask; the setting keeps what it was given. */
  useContext(): void;
  /** Inserts a row as whoever makes rows; the caller may keep it in `tenant.rows`. */
  make(shape: TableShape, tenant: TenantRows, wishes?: RowWishes): Promise<MadeRow>;
  /** Inserts rows for all of these tables, in order, and keeps them. Gives the reasons of those that failed. */
  makeAll(
    shapes: readonly TableShape[],
    tenant: TenantRows,
    wishes?: Pick<RowWishes, "decorated"> & ConditionsOf,
  ): Promise<Map<string, string>>;
};

/** What a maker needs to know. */
export type RowMakerOptions = {
  readonly session: ProbeSession;
  readonly shapes: Shapes;
  /** The tenant column of each declared tenant table. */
  readonly tenantColumns: ReadonlyMap<string, string>;
  readonly supplied: SuppliedRows;
  /** The tenant's setting. */
  readonly setting: string;
  /** Different for every run. */
  readonly run: string;
};

const MOST_TRIES = 4;

/** Gives a maker that remembers the rows that belong to no tenant. */
export function createRowMaker(options: RowMakerOptions): RowMaker {
  const { session, shapes, tenantColumns } = options;
  const shared = new Map<string, AnswerRow>();
  let inContext = false;
  let seed = Number.parseInt(options.run, 16) % 20_000;
  const rowOf = (tenant: TenantRows, table: string) => {
    const key = findTable(shapes, table);
    return tenant.rows.get(key) ?? shared.get(key);
  };
  const tryMake: RowMaker["make"] = async (shape, tenant, wishes = {}) => {
    let failure = "";
    const context = inContext
      ? `select pg_catalog.set_config(${quoteLiteral(options.setting)}, ${quoteLiteral(tenant.id)}, true);\n`
      : "";
    for (let turn = 0; turn < MOST_TRIES; turn += 1) {
      seed += 1;
      const given = options.supplied.values(shape, {
        id: tenant.id,
        n: seed,
        row: (table) => rowOf(tenant, table),
      });
      if (!given.ok) return given;
      const request: RowRequest = {
        shape,
        tenant,
        shared,
        tenantColumn: tenantColumns.get(shape.key),
        fixed: wishes.fixed ?? new Map(),
        conditions: wishes.conditions ?? [],
        supplied: given.values,
        decorated: wishes.decorated ?? false,
        seed,
        run: options.run,
      };
      const plan = await planRow(session, shapes, request);
      if (!plan.ok) return plan;
      const answer = await session.tryOwner(`${context}${insertStatement(shape, plan.values)}`);
      const row = answer.ok ? answer.rows[0] : undefined;
      const refersToItself = shape.references.some(({ foreignTable }) => foreignTable === shape.key);
      if (row !== undefined || refersToItself) tenant.planned.delete(shape.key);
      if (row !== undefined) return { ok: true, values: plan.values, row };
      failure = answer.ok
        ? "a trigger or rule took the row away"
        : withoutTexts(explain(shape, answer), given.texts);
      if (answer.ok || !/^(23505|23P01|22)/.test(answer.code)) break;
    }
    return { ok: false, reason: failure };
  };
  const make: RowMaker["make"] = async (shape, tenant, wishes = {}) => {
    try {
      const made = await tryMake(shape, tenant, wishes);
      return made.ok || wishes.decorated !== true
        ? made
        : await tryMake(shape, tenant, { ...wishes, decorated: false });
    } catch (thrown) {
      // A name or a value that cannot be written as SQL must not end the run.
      if (thrown instanceof RangeError) return { ok: false, reason: messageOf(thrown) };
      throw thrown;
    }
  };
  const makeAsWished = async (
    shape: TableShape,
    tenant: TenantRows,
    { conditionsOf, ...wishes }: Pick<RowWishes, "decorated"> & ConditionsOf,
  ) => {
    const conditions = conditionsOf?.(shape) ?? [];
    const made = await make(shape, tenant, { ...wishes, conditions });
    return made.ok || conditions.length === 0 ? made : await make(shape, tenant, wishes);
  };
  return {
    useContext: () => {
      inContext = true;
    },
    make,
    makeAll: async (tables, tenant, wishes = {}) => {
      const failures = new Map<string, string>();
      await session.owner("set constraints all deferred");
      for (const shape of tables) {
        if (tenant.rows.has(shape.key) || shared.has(shape.key)) continue;
        const missing = missingParent(shapes, shape, [tenant.rows, shared]);
        const made = missing ?? (await makeAsWished(shape, tenant, wishes));
        const isOwn = tenantColumns.has(shape.key);
        const row = made.ok || isOwn ? (made.ok ? made.row : undefined) : await anyRow(session, shape);
        if (row !== undefined) (isOwn ? tenant.rows : shared).set(shape.key, row);
        else if (!made.ok) failures.set(shape.key, made.reason);
      }
      const settled = await session.tryOwner("set constraints all immediate");
      if (!settled.ok) failures.set("", settled.message);
      return failures;
    },
  };
}

/** A row that a needed reference must have, and that could not be made. */
function missingParent(
  { tables }: Shapes,
  shape: TableShape,
  rows: readonly ReadonlyMap<string, AnswerRow>[],
): (MadeRow & { readonly ok: false }) | undefined {
  const reference = neededReferences(shape).find(
    ({ deferrable, foreignTable }) =>
      !deferrable && foreignTable !== shape.key && !rows.some((made) => made.has(foreignTable)),
  );
  if (reference === undefined) return undefined;
  const parent = tables.get(reference.foreignTable);
  return { ok: false, reason: `${reference.name} needs a row of ${parent?.name}, and there is none` };
}

/** An INSERT that gives every column of the new row back as text. */
export function insertStatement(shape: TableShape, values: ReadonlyMap<string, string>): string {
  return `${bareInsert(shape, values)} returning ${textColumns(shape)}`;
}

/** An INSERT without RETURNING, `tail` behind it. */
export function bareInsert(shape: TableShape, values: ReadonlyMap<string, string>, tail = ""): string {
  const into = `insert into ${qualify(shape.schema, shape.name)}`;
  if (values.size === 0) return `${into} default values ${tail}`;
  const always = shape.columns.some((column) => column.identity === "a" && values.has(column.name));
  const names = [...values.keys()].map(quoteIdentifier).join(", ");
  return `${into} (${names})${always ? " overriding system value" : ""} values (${[...values.values()].join(", ")}) ${tail}`;
}

/** All columns of a table as text. */
function textColumns(shape: TableShape): string {
  return shape.columns
    .map(({ name }) => `${quoteIdentifier(name)}::text as ${quoteIdentifier(name)}`)
    .join(", ");
}

/** A row that is there already will do where it belongs to nobody. */
async function anyRow(session: ProbeSession, shape: TableShape): Promise<AnswerRow | undefined> {
  const answer = await session.tryOwner(
    `select ${textColumns(shape)} from ${qualify(shape.schema, shape.name)} limit 1`,
  );
  return answer.ok ? answer.rows[0] : undefined;
}

/** What a project has given stays out of messages: PostgreSQL quotes the value that a type does not take. */
function withoutTexts(message: string, texts: readonly string[]): string {
  return texts
    .filter((text) => text.length > 2)
    .sort((one, other) => other.length - one.length)
    .reduce((left, text) => left.replaceAll(text, "…"), message);
}

function explain(shape: TableShape, answer: Answer & { readonly ok: false }): string {
  const check = shape.checks.find(({ name }) => name === answer.constraint);
  const key = shape.keys.find(({ name }) => name === answer.constraint);
  const definition = check?.expression ?? key?.parts.join(", ");
  return `${answer.code}: ${answer.message}${definition === undefined ? "" : ` (${definition})`}`;
}
