import { randomUUID } from "node:crypto";
import { qualify, quoteIdentifier, quoteLiteral } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { expressionParts } from "../expression-parts.js";
import { orderTables } from "../order-tables.js";
import type { AttackContext } from "../probe.js";
import type { ShapeChild } from "../table-shape.js";
import type { TenantRows } from "../tenant-rows.js";
import { newTenant } from "../tenant-rows.js";

/** A tenant that has a row in a child table, with the columns that were given; or why none could be made. */
export type RowInChild =
  | { readonly ok: true; readonly tenant: TenantRows; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly reason: string };

/** Ids that are made up for a partition that chooses by the tenant. */
const MOST_IDS = 200;

/** Makes a row that lands in a partition or an inheritance child, of a tenant other than the attacker. */
export async function rowInChild(context: AttackContext, child: ShapeChild): Promise<RowInChild> {
  const { session, maker, shapes, target, stranger } = context;
  const { shape, declaration } = target;
  if (child.kind === "f") return { ok: false, reason: "rows of a foreign table are another server's" };
  const place = qualify(child.schema, child.name);
  const isIn = async (tenant: TenantRows): Promise<boolean> => {
    const oid = `${quoteLiteral(place)}::regclass`;
    const answer = await session.tryOwner(`
      with recursive below as (select ${oid}::oid as id union all
        select i.inhrelid from pg_catalog.pg_inherits i join below on i.inhparent = below.id)
      select 1 from ${target.place} where ${aim.rowsOf(target, tenant)} and tableoid in (select id from below) limit 1`);
    return answer.ok && answer.count > 0;
  };
  const finish = async (tenant: TenantRows, made: Awaited<ReturnType<typeof maker.make>>) => {
    if (!made.ok) return made;
    if (await isIn(tenant)) return { ok: true, tenant, values: made.values } as const;
    return { ok: false, reason: "the row that was made for it landed elsewhere" } as const;
  };
  if (!child.isPartition) {
    const own = [...shapes.tables.values()].find(
      ({ schema, name }) => schema === child.schema && name === child.name,
    );
    if (own === undefined) return { ok: false, reason: "it cannot be read" };
    const fixed = new Map([[declaration.tenantColumn ?? "", aim.id(target, stranger)]]);
    return await finish(stranger, await maker.make(own, stranger, { fixed }));
  }
  const conditions = child.bound === null ? [] : [child.bound];
  const asksTenant =
    child.bound !== null && expressionParts(child.bound).columns.includes(declaration.tenantColumn ?? "");
  const tenant = asksTenant ? await tenantFor(context, child.bound ?? "") : stranger;
  if (tenant === undefined) return { ok: false, reason: `no tenant was found for ${child.bound}` };
  if (tenant !== stranger) {
    const above = orderTables(shapes.tables, [shape.key]).filter(({ key }) => key !== shape.key);
    await maker.makeAll(above, tenant);
  }
  return await finish(tenant, await maker.make(shape, tenant, { conditions }));
}

/** A tenant whose id alone decides, as far as it does: made-up ids first, then what the bound itself mentions. */
async function tenantFor(
  { session, target, stranger, attacker }: AttackContext,
  bound: string,
): Promise<TenantRows | undefined> {
  const { tenantType = "text", tenantColumn = "" } = target.declaration;
  const parts = expressionParts(bound);
  const numbers = [...parts.numbers, ...parts.strings]
    .filter((text) => /^-?\d{1,18}$/.test(text))
    .map(BigInt);
  const near =
    tenantType === "uuid" ? [] : numbers.flatMap((number) => [number, number + 1n, number - 1n]).map(String);
  const ids = [stranger.id, ...madeUp(stranger.id, tenantType), ...near, ...parts.strings];
  const others = ids.filter((id) => id !== attacker.id);
  const find = (list: readonly string[]) =>
    session.tryOwner(`
      select id::text as id from (values ${list.map((id, at) => `(${at}, cast(${quoteLiteral(id)} as ${tenantType}))`).join(", ")})
        as t(place, id) cross join lateral (select id as ${quoteIdentifier(tenantColumn)}) as c
      where (${bound}) is not false order by place limit 1`);
  // Several columns decide together: then any tenant may do.
  if (parts.columns.some((name) => name !== tenantColumn)) return stranger;
  const fitting: string[] = [];
  for (const list of [
    others.filter((id) => !parts.strings.includes(id)),
    ...parts.strings.map((id) => [id]),
  ]) {
    if (list.length === 0 || fitting.length > 0) continue;
    const answer = await find(list);
    const id = answer.ok ? answer.rows[0]?.id : undefined;
    if (typeof id === "string") fitting.push(id);
  }
  const [id] = fitting;
  if (id === undefined) return undefined;
  return id === stranger.id ? stranger : newTenant(id);
}

function madeUp(like: string, type: string): string[] {
  return Array.from({ length: MOST_IDS }, (_, at) => {
    if (type === "uuid") return randomUUID();
    if (type === "text") return `${like}x${at}`;
    return String(BigInt(like) - BigInt(at + 100));
  });
}
