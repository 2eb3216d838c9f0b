import { TenantryError } from "../../core/errors.js";
import type { HeadConflict, HeadsJudgement } from "./find-head-conflicts.js";

/**
 * Refuses branches that conflict; those that commute are simply applied.
 *
 * @throws TenantryError `migrations-folder` naming each two migrations and what both touch.
 */
export function requireHeadsAgree({ conflicts }: Pick<HeadsJudgement, "conflicts">): void {
  if (conflicts.length === 0) return;
  throw new TenantryError({
    code: "migrations-folder",
    message: "Branches of migrations do not go together.",
    details: conflicts.map(describeConflict),
    hint: "Delete the migrations of one branch that no shared database has run, and write them anew: tenantry create NAME. See: tenantry heads.",
  });
}

/** One line for people. */
export function describeConflict({ migrations: [one, other], objects }: HeadConflict): string {
  const shown = objects.slice(0, 5).join(", ");
  const more = objects.length > 5 ? ` and ${objects.length - 5} more` : "";
  return `${one} and ${other}: ${shown}${more}`;
}
