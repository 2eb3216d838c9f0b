import { dirname } from "node:path";
import { countOf } from "../../../core/count-of.js";
import { showPath } from "../../plan/show-path.js";
import type { Check } from "../check.js";
import { ok, skipped, warning } from "../check.js";

/** `drizzle.config.ts` is there and loads. */
export const configCheck: Check = {
  id: "config",
  group: "The project",
  run: async ({ project }) => {
    const { directory, out } = await project();
    return ok(`loads; migrations in ${showPath(directory, out)}/`);
  },
};

/** The schema loads. */
export const schemaCheck: Check = {
  id: "schema",
  group: "The project",
  needs: ["config"],
  run: async ({ project }) => {
    const { expected } = await (await project()).loadSchema();
    const undeclared = expected.tables.filter(({ declaration }) => declaration === undefined);
    if (undeclared.length === 0) return ok(countOf(expected.tables.length, "table"));
    return warning(
      `${countOf(undeclared.length, "table")} of ${expected.tables.length} not declared: ${undeclared
        .map(({ name }) => name)
        .slice(0, 5)
        .join(", ")}`,
      "tenantry check",
    );
  },
};

/** What is generated from the schema is what the schema says now. */
export const generatedCheck: Check = {
  id: "generated-files",
  group: "The project",
  needs: ["schema"],
  run: async ({ project }) => {
    const { compareGenerated, DEFAULT_DOCS } = await import("../../generated-files.js");
    const files = await compareGenerated(await project(), { docs: DEFAULT_DOCS });
    if (files.every(({ exists }) => !exists))
      return skipped("nothing is generated here at the default places", "tenantry generate");
    // Where there is nothing at all, as without docs/ in a container, nothing is wanted.
    const folders = new Set(files.filter(({ exists }) => exists).map(({ path }) => dirname(path)));
    const wanted = files.filter(({ path }) => folders.has(dirname(path)));
    const stale = wanted.filter(({ isCurrent }) => !isCurrent).map(({ name }) => name);
    if (stale.length === 0) return ok(`${countOf(wanted.length, "file")}, up to date`);
    return warning(`not up to date: ${stale.join(", ")}`, "tenantry generate");
  },
};
