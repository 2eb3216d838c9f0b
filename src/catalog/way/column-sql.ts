import { z } from "zod";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Column } from "../catalog.js";

type Definition = Pick<Column, "type" | "notNull" | "default" | "identity" | "generated">;

/** A column as CREATE TABLE and ADD COLUMN write it. */
export function columnSql(column: Definition & { readonly name: string }): string {
  return [
    quoteIdentifier(column.name),
    column.type,
    ...contentSql(column),
    ...(column.notNull ? ["not null"] : []),
  ].join(" ");
}

function contentSql({ generated, identity, default: preset }: Definition): string[] {
  if (generated !== "")
    return [`generated always as (${preset}) ${generated === "v" ? "virtual" : "stored"}`];
  if (identity !== "") return [identitySql(identity)];
  return preset === null ? [] : [`default ${preset}`];
}

function identitySql(identity: string): string {
  return `generated ${identity === "a" ? "always" : "by default"} as identity`;
}

const definitionSchema = z.object({
  type: z.string(),
  notNull: z.boolean(),
  default: z.string().nullable(),
  identity: z.string(),
  generated: z.string(),
});

/**
 * The SQL that makes one column what another is, keeping its data as far as that can be.
 *
 * @param table qualified and quoted.
 * @param from the value of the column's fact, as it is; `to` as it is to be.
 */
export function changeColumn(table: string, column: string, from: string, to: string): string[] {
  const before = definitionSchema.parse(JSON.parse(from));
  const after = definitionSchema.parse(JSON.parse(to));
  const alter = `alter table ${table} alter column ${column}`;
  if (after.generated !== "" || before.generated === "v") {
    const [, ...rest] = columnSql({ ...after, name: "x" }).split(" ");
    return [
      `alter table ${table} drop column ${column}`,
      `alter table ${table} add column ${column} ${rest.join(" ")}`,
    ];
  }
  const isTypeChanged = before.type !== after.type;
  const isDefaultChanged = before.default !== after.default || isTypeChanged;
  const hadDefault = before.default !== null && before.generated === "";
  return [
    ...(before.generated === "s" ? [`${alter} drop expression`] : []),
    ...(hadDefault && isDefaultChanged ? [`${alter} drop default`] : []),
    ...(before.identity !== "" && after.identity === "" ? [`${alter} drop identity`] : []),
    ...(isTypeChanged ? [`${alter} type ${after.type} using ${column}::${after.type}`] : []),
    ...(after.default !== null && isDefaultChanged ? [`${alter} set default ${after.default}`] : []),
    ...(after.notNull && !before.notNull ? [`${alter} set not null`] : []),
    ...(before.identity === "" && after.identity !== ""
      ? [`${alter} add ${identitySql(after.identity)}`]
      : []),
    ...(before.identity !== "" && after.identity !== "" && before.identity !== after.identity
      ? [`${alter} set generated ${after.identity === "a" ? "always" : "by default"}`]
      : []),
    ...(!after.notNull && before.notNull ? [`${alter} drop not null`] : []),
  ];
}
