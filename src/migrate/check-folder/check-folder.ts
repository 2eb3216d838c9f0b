import { messageOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { FolderContext, FolderRule } from "./folder-rule.js";
import { migrationCollides } from "./migration-collides.js";
import { migrationEdited } from "./migration-edited.js";
import { migrationMissing } from "./migration-missing.js";
import { migrationOrphaned } from "./migration-orphaned.js";
import { migrationOutOfOrder } from "./migration-out-of-order.js";

/** Every rule over the migrations folder as files. */
export const FOLDER_RULES: readonly FolderRule[] = [
  migrationEdited,
  migrationMissing,
  migrationOrphaned,
  migrationCollides,
  migrationOutOfOrder,
];

/** Judges the migrations folder as files. A rule that throws is a finding, and never silence. */
export function checkFolder(context: FolderContext, rules: readonly FolderRule[] = FOLDER_RULES): Finding[] {
  return rules.flatMap((rule) => {
    try {
      return rule.check(context).map((finding) => ({ rule: rule.id, ...finding }));
    } catch (thrown) {
      return [
        {
          rule: "rule-failed",
          level: "error" as const,
          subject: rule.id,
          detail: `the rule could not be applied: ${messageOf(thrown)}`,
          fix: "This is a bug in tenantry; please report it.",
        },
      ];
    }
  });
}
