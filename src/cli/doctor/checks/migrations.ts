import { countOf } from "../../../core/count-of.js";
import { hasErrors } from "../../../core/finding.js";
import { inspectFolder } from "../../../migrate/folder/read-folder.js";
import { readParents } from "../../../migrate/folder/read-parents.js";
import type { Check } from "../check.js";
import { ok, problem, warning } from "../check.js";

/** The migrations folder can be applied. */
export const migrationsCheck: Check = {
  id: "migrations",
  group: "The project",
  needs: ["config"],
  run: async ({ project }) => {
    const { out } = await project();
    const reading = await inspectFolder(out);
    const { problems } = await readParents(reading.migrations);
    const findings = [...reading.problems, ...problems];
    const [first] = findings;
    if (first === undefined && reading.migrations.length === 0)
      return warning(`no migration in ${out} yet`, "tenantry create init");
    if (first === undefined) return ok(countOf(reading.migrations.length, "migration"));
    const detail = findings
      .slice(0, 3)
      .map((each) => each.detail)
      .join("; ");
    const more = findings.length > 3 ? `; and ${findings.length - 3} more` : "";
    return hasErrors(findings) ? problem(detail + more, first.fix) : warning(detail + more, first.fix);
  },
};
