import type { Node, RangeVar } from "libpg-query";
import { z } from "zod";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import { readSettings } from "../set-settings.js";
import type { SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { stringsOf } from "../syntax-names.js";
import { isSystemRelation, isSystemSchema } from "../system-names.js";
import { walkSyntax } from "../walk-syntax.js";

/** Policies, grants and roles are rows of system tables: whoever writes there needs no ALTER, and no check sees one. */
export const systemCatalogChanged: SqlRule = {
  id: "system-catalog-changed",
  threats: [36, 38, 79],
  check: ({ units }) =>
    units.flatMap(({ statements, states, before }) =>
      statements.flatMap((statement, index) => findChanges(statement, states[index] ?? before)),
    ),
};

function findChanges(statement: ParsedStatement, state: SchemaState): SqlFinding[] {
  const { node } = statement;
  const relations = writtenRelations(node).filter((relation) => isSystemRelation(relation, state));
  const made = madeNames(node).filter(([schema]) => isSystemSchema(schema));
  const switched = readSettings(node).filter(
    ({ name, value }) => name === "allow_system_table_mods" && value !== "off" && value !== "",
  );
  const subjects = [
    ...relations.map(({ relname = "" }) => relname),
    ...made.map((names) => names.join(".")),
    ...switched.map(({ name }) => name),
  ];
  return [...new Set(subjects)].map((subject) => ({
    level: "error",
    subject,
    ...placeOf(statement),
    detail: "this changes what belongs to the server itself, and with it policies, grants or roles unseen",
    fix: "Use ALTER, GRANT or DROP on the object that is meant.",
  }));
}

const relation = z.object({ relname: z.string(), schemaname: z.string().optional() });
const WRITES: ReadonlySet<string> = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "AlterTableStmt",
  "CreateStmt",
  "CreateTrigStmt",
  "RuleStmt",
  "IndexStmt",
]);

/** Anywhere in a statement: also in WITH. */
function writtenRelations(node: Node): RangeVar[] {
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((one) => ("RangeVar" in one ? [one.RangeVar] : []));
  }
  if ("CopyStmt" in node) {
    const { is_from, relation: into } = node.CopyStmt;
    return is_from === true && into !== undefined ? [into] : [];
  }
  const found: RangeVar[] = [];
  walkSyntax(node, ({ kind, fields }) => {
    const parsed = WRITES.has(kind) ? relation.safeParse(fields.relation) : undefined;
    if (parsed?.success === true) {
      const { relname, schemaname } = parsed.data;
      found.push(schemaname === undefined ? { relname } : { relname, schemaname });
    }
    return true;
  });
  return found;
}

/** The names, with their schemas, of functions, operators and types that a statement makes, renames or moves. */
function madeNames(node: Node): string[][] {
  if ("CreateFunctionStmt" in node) return qualified(stringsOf(node.CreateFunctionStmt.funcname));
  if ("DefineStmt" in node) return qualified(stringsOf(node.DefineStmt.defnames));
  if ("AlterFunctionStmt" in node) return qualified(stringsOf(node.AlterFunctionStmt.func?.objname));
  if ("AlterObjectSchemaStmt" in node) {
    const { newschema = "", object } = node.AlterObjectSchemaStmt;
    return [[newschema, "…"], ...ofObject(object)];
  }
  if ("RenameStmt" in node) return ofObject(node.RenameStmt.object);
  return "AlterOwnerStmt" in node ? ofObject(node.AlterOwnerStmt.object) : [];
}

function ofObject(object: Node | undefined): string[][] {
  return object !== undefined && "ObjectWithArgs" in object
    ? qualified(stringsOf(object.ObjectWithArgs.objname))
    : [];
}

function qualified(names: string[]): string[][] {
  return names.length > 1 ? [names] : [];
}
