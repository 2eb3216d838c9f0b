import { TenantryError } from "../../core/errors.js";
import type { Plan, PlannedMigration } from "../plan/plan-migrations.js";
import { pendingMigrations } from "../plan/plan-migrations.js";

/**
 * What a run applies, in order: what is pending, as far as the migration to stop after.
 *
 * @throws TenantryError `argument-invalid` for a name that the folder does not have.
 */
export function selectPending(plan: Plan, to: string | undefined): PlannedMigration[] {
  const pending = pendingMigrations(plan);
  if (to === undefined) return pending;
  const last = plan.migrations.findIndex(({ name }) => name === to);
  if (last === -1) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `There is no migration ${to} to stop after.`,
      hint: 'Name it as "tenantry status" does.',
    });
  }
  const wanted = new Set(plan.migrations.slice(0, last + 1).map(({ name }) => name));
  return pending.filter(({ name }) => wanted.has(name));
}
