import { aim } from "../aim.js";
import { judge } from "../judge.js";
import { notApplicable } from "../outcome.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/** Puts one's own id into every other column of another tenant's row: a policy that asks the wrong one shows it. */
export const confuseColumns: Probe = {
  id: "probe-wrong-column",
  threats: [13],
  title: "a policy asks another column than the tenant's",
  fix: "Compare the table's own tenant column in the policy (withTenantRls).",
  applies: isTenantTarget,
  attack: async ({ session, target, maker, newcomer, stranger }) => {
    const { shape, declaration } = target;
    const tenant = shape.columns.find(({ name }) => name === declaration.tenantColumn);
    const referring = new Set(shape.references.flatMap(({ columns }) => columns));
    const others = shape.columns.filter(
      (column) =>
        column.type === tenant?.type &&
        column.name !== tenant.name &&
        column.generated === null &&
        !referring.has(column.name),
    );
    if (others.length === 0) return notApplicable("no other column could hold a tenant's id");
    return await session.undone(async () => {
      const own = aim.id(target, newcomer);
      for (const columns of [others, ...others.map((column) => [column])]) {
        const fixed = new Map(columns.map(({ name }) => [name, own]));
        const made = await session.undone(() => maker.make(shape, stranger, { fixed }));
        if (!made.ok) continue;
        await maker.make(shape, stranger, { fixed });
        const where = aim.rowsOf(target, stranger);
        const answer = await session.attack(
          { context: newcomer.id },
          `select 1 from ${target.place} where ${where} limit 1`,
        );
        const names = columns.map(({ name }) => name).join(", ");
        return judge.nothing(answer, `another tenant's row was read because ${names} held the reader's id`);
      }
      return notApplicable("no row takes a tenant's id in another column");
    });
  },
};
