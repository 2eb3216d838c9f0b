import type { ColumnDef, TypeName } from "libpg-query";
import { stringsOf } from "../../isolation/sql/syntax-names.js";

/** The parser writes the types of the SQL standard by their names in the catalog. */
const STANDARD: Readonly<Record<string, string>> = {
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  float4: "real",
  float8: "double precision",
  bool: "boolean",
  bpchar: "char",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
};

/** A column's type as SQL spells it, with its length. */
export function describeType(type: TypeName | undefined): string {
  const names = stringsOf(type?.names);
  const isStandard = names.length === 2 && names[0] === "pg_catalog";
  const name = isStandard ? (STANDARD[names[1] ?? ""] ?? names[1] ?? "") : names.join(".");
  const sizes = (type?.typmods ?? []).flatMap((node) =>
    "A_Const" in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : [],
  );
  const size = sizes.length === 0 || name === "interval" ? "" : `(${sizes.join(",")})`;
  return `${name}${size}${"[]".repeat(type?.arrayBounds?.length ?? 0)}`;
}

const WORDS: Readonly<Record<string, string>> = {
  CONSTR_NOTNULL: "NOT NULL",
  CONSTR_DEFAULT: "DEFAULT …",
  CONSTR_IDENTITY: "GENERATED … AS IDENTITY",
  CONSTR_GENERATED: "GENERATED ALWAYS AS (…)",
  CONSTR_PRIMARY: "PRIMARY KEY",
  CONSTR_UNIQUE: "UNIQUE",
  CONSTR_CHECK: "CHECK (…)",
  CONSTR_FOREIGN: "REFERENCES …",
};

/** A new column: its name, its type, and what it demands. */
export function describeColumn({ colname = "", typeName, constraints = [] }: ColumnDef): string {
  const demands = constraints.flatMap((one) =>
    "Constraint" in one ? (WORDS[one.Constraint.contype ?? ""] ?? []) : [],
  );
  return [colname, describeType(typeName), ...demands].filter((word) => word !== "").join(" ");
}
