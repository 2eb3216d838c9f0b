import { z } from "zod";

const entitySchema = z.looseObject({ entityType: z.string() });
const ddlSchema = z.array(entitySchema);
const draftSchema = z.looseObject({ type: z.literal("diff"), deltas: z.array(z.unknown()) });

type Entity = z.infer<typeof entitySchema>;

/** A snapshot of drizzle-kit's, and the state to which it is to lead. */
export type RevertedSnapshot = { readonly snapshot: unknown; readonly state: readonly string[] };

/**
 * drizzle-kit's snapshot of a migration that undoes another (pure): what that has changed is as before it, all else as at
 * the head.
 *
 * @param draft of a migration that changes nothing: format 9, with no deltas.
 * @param states what snapshots lead to, as `reconstructSnapshot` gives it: at the head, before the migration, and after.
 * @returns undefined if one of them is nothing that is known.
 */
export function revertSnapshot(
  draft: unknown,
  states: { readonly head: unknown; readonly before: unknown; readonly after: unknown },
): RevertedSnapshot | undefined {
  const snapshot = draftSchema.safeParse(draft);
  const parsed = [states.head, states.before, states.after].map((state) => ddlSchema.safeParse(state));
  const [head, before, after] = parsed.map(({ data }) =>
    data === undefined ? undefined : indexEntities(data),
  );
  if (!snapshot.success || head === undefined || before === undefined || after === undefined)
    return undefined;
  const wanted = new Map(head);
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const earlier = before.get(key);
    if (JSON.stringify(earlier) === JSON.stringify(after.get(key))) continue;
    if (earlier === undefined) wanted.delete(key);
    else wanted.set(key, earlier);
  }
  return {
    snapshot: { ...snapshot.data, deltas: listDeltas(head, wanted) },
    state: describeState([...wanted.values()]),
  };
}

/** A state in a form that can be compared. */
export function describeState(ddl: readonly unknown[]): string[] {
  return ddl.map((entity) => JSON.stringify(sortKeys(entity))).sort();
}

function listDeltas(from: ReadonlyMap<string, Entity>, to: ReadonlyMap<string, Entity>): unknown[] {
  const kept = [...to].filter(([key, entity]) => {
    const other = from.get(key);
    return other !== undefined && JSON.stringify(other) !== JSON.stringify(entity);
  });
  return [
    ...[...to].filter(([key]) => !from.has(key)).map(([, row]) => ({ op: "create", row })),
    ...[...from.keys()].filter((key) => !to.has(key)).map((key) => ({ op: "drop", key })),
    ...kept.map(([key, entity]) => {
      const other = from.get(key);
      const fields = Object.keys(entity).filter(
        (field) => JSON.stringify(entity[field]) !== JSON.stringify(other?.[field]),
      );
      return { op: "alter", key, set: Object.fromEntries(fields.map((field) => [field, entity[field]])) };
    }),
  ];
}

function indexEntities(ddl: readonly Entity[]): Map<string, Entity> {
  return new Map(ddl.map((entity) => [keyOf(entity), entity]));
}

/** As drizzle-kit spells it: the kind, a NUL, and the names from the outermost inwards. */
function keyOf({ entityType, schema, table, name }: Entity): string {
  return `${entityType}\0${JSON.stringify([schema, table, name].filter((part) => typeof part === "string"))}`;
}

function sortKeys(entity: unknown): unknown {
  if (typeof entity !== "object" || entity === null || Array.isArray(entity)) return entity;
  return Object.fromEntries(Object.entries(entity).sort(([one], [other]) => (one < other ? -1 : 1)));
}
