import type { TenancySettings } from "../../../core/tenancy-settings.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { stringsOf } from "../syntax-names.js";

/** What stands in a DO block or a function cannot be followed; if it names what isolates, somebody has to look. */
export const dynamicSql: SqlRule = {
  id: "dynamic-sql",
  threats: [79],
  check: ({ units, expected }) => {
    return units
      .flatMap(({ statements }) => statements)
      .flatMap((statement) => {
        const body = bodyOf(statement);
        if (body === undefined) return [];
        const words = body.words.exec(withoutCompletion(body.text, expected.settings))?.[0];
        if (words === undefined) return [];
        return [
          {
            level: "warning",
            subject: body.kind,
            ...placeOf(statement),
            detail: `"${condense(words)}" in ${body.kind} cannot be followed by this check`,
            fix: 'Write it as plain statements, or run "tenantry validate", which looks at what it has done.',
          },
        ];
      });
  },
};

/** In a DO block, which runs now. */
const NOW =
  /row\s+level\s+security|\bpolicy\b|\bbypassrls\b|\bsuperuser\b|\bgrant\b|\bowner\s+to\b|\bleakproof\b|security\s+definer|default\s+privileges|\bset_config\b|session_replication_role|disable\s+trigger|row_security/i;
/** In a function, which runs when somebody calls it. */
const LATER =
  /(dis|en)able\s+row\s+level\s+security|no\s+force\s+row|(create|alter|drop)\s+policy|\bbypassrls\b|session_replication_role|disable\s+trigger/i;

function bodyOf({ node }: ParsedStatement) {
  if ("DoStmt" in node) {
    const text = (node.DoStmt.args ?? []).flatMap((arg) =>
      "DefElem" in arg && arg.DefElem.defname === "as" && arg.DefElem.arg !== undefined
        ? stringsOf([arg.DefElem.arg])
        : [],
    );
    return { kind: "a DO block", text: text.join("\n"), words: NOW };
  }
  if (!("CreateFunctionStmt" in node)) return undefined;
  const text = (node.CreateFunctionStmt.options ?? []).flatMap((option) =>
    "DefElem" in option &&
    option.DefElem.defname === "as" &&
    option.DefElem.arg !== undefined &&
    "List" in option.DefElem.arg
      ? stringsOf(option.DefElem.arg.List.items)
      : [],
  );
  return { kind: "a function", text: text.join("\n"), words: LATER };
}

/** What the completion grants in its own DO blocks, to roles of the tenancy only. */
const COMPLETION_GRANTS =
  /execute pg_catalog\.format\('(?:grant %I to %I', '([^']+)', current_user|grant usage on sequence %s to %I', pg_catalog\.pg_get_serial_sequence\([^;]*\), '([^']+)')\)/g;

/** The text without comments, and without what the completion is known to write. */
function withoutCompletion(text: string, { roles }: TenancySettings): string {
  const known = new Set<string>(Object.values(roles));
  return condense(text.replaceAll(/--.*$/gm, "")).replaceAll(
    COMPLETION_GRANTS,
    (grant: string, toUser?: string, onSequence?: string) =>
      known.has(toUser ?? onSequence ?? "") ? "" : grant,
  );
}

function condense(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
