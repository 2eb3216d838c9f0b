import type { CodeRule } from "../code-rule.js";
import { at, subjectOf } from "../code-rule.js";

/** A table whose extra configuration throws: nothing can be said about its keys and policies. */
export const tableUnreadable: CodeRule = {
  id: "table-unreadable",
  threats: [],
  check: ({ model }) =>
    model.tables.flatMap((table) =>
      table.failure === undefined || table.failure.code === "tenant-column-missing"
        ? []
        : [
            {
              level: "error",
              subject: subjectOf(table),
              ...at(table.place),
              detail: `its extra configuration throws: ${table.failure.message}`,
              fix: "Correct the third argument of the table.",
            },
          ],
    ),
};
