import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { notApplicable } from "../outcome.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { ShapeColumn, Shapes } from "../table-shape.js";

/** So many columns are tried one by one, if no row takes the id in all of them. */
const MOST_COLUMNS = 16;

/** Puts one's own id into every other column of another tenant's row: a policy that asks the wrong one shows it. */
export const confuseColumns: Probe = {
  id: "probe-wrong-column",
  threats: [13],
  title: "a policy asks another column than the tenant's",
  fix: "Compare the table's own tenant column in the policy (withTenantRls).",
  applies: isTenantTarget,
  attack: async ({ session, target, targets, shapes, maker, newcomer, stranger }) => {
    const { shape, declaration } = target;
    const tenant = shape.columns.find(({ name }) => name === declaration.tenantColumn);
    const roots = new Set(
      targets.filter((one) => one.declaration.kind === "root").map((one) => one.shape.key),
    );
    const others = shape.columns.filter(
      (column) =>
        (column.type === tenant?.type || isText(shapes, column.type)) &&
        column.name !== tenant?.name &&
        column.generated === null &&
        shape.references
          .filter(({ columns }) => columns.includes(column.name))
          .every(({ columns, foreignTable }) => columns.length === 1 && roots.has(foreignTable)),
    );
    if (others.length === 0) return notApplicable("no other column could hold a tenant's id");
    const attack = (columns: readonly ShapeColumn[]) =>
      session.undone(async (): Promise<Outcome | undefined> => {
        const fixed = new Map(columns.map((column) => [column.name, castTo(column, newcomer.id)]));
        const made = await maker.make(shape, stranger, { fixed });
        if (!made.ok) return undefined;
        const where = aim.rowsOf(target, stranger);
        const answer = await session.attack(
          { context: newcomer.id },
          `select 1 from ${target.place} where ${where} limit 1`,
        );
        const names = columns.map(({ name }) => name).join(", ");
        return judge.nothing(answer, `another tenant's row was read because ${names} held the reader's id`);
      });
    const whole = await attack(others);
    if (whole !== undefined) return whole;
    // Some column refuses it: then all of the tenant's own type, and each alone.
    const alike = others.filter(({ type }) => type === tenant?.type);
    const outcomes = [];
    for (const columns of [alike, ...others.slice(0, MOST_COLUMNS).map((column) => [column])]) {
      const outcome = columns.length === 0 ? undefined : await attack(columns);
      if (outcome !== undefined) outcomes.push(outcome);
    }
    return outcomes.length === 0
      ? notApplicable("no row takes a tenant's id in another column")
      : judge.worst(outcomes);
  },
};

/** A policy may compare a setting, which is a text, with any text. */
function isText({ types }: Shapes, id: string): boolean {
  const type = types.get(id);
  return type?.kind === "base" && ["text", "varchar"].includes(type.internal);
}
