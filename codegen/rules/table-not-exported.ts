import type { CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";

/** Something that a schema file declares and the entry file does not export: drizzle-kit never sees it. */
export const tableNotExported: CodeRule = {
  id: "table-not-exported",
  threats: [1, 6],
  check: ({ model }) =>
    model.unexported.map(({ kind, name, place }) => ({
      level: "error",
      subject: name,
      ...at(place),
      detail: `this ${kind} is declared, but not exported from the files that "schema" names in drizzle.config.ts: drizzle-kit would not migrate it`,
      fix: `Export it, and the file that it is in from the schema's entry file: export * from "…".`,
    })),
};
