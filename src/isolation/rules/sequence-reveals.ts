import { tableSubject } from "../../catalog/facts.js";
import type { Sequence } from "../../catalog/surroundings.js";
import { qualify } from "../../core/identifiers.js";
import { amongPrivileges, granteeSql, privilegesSql } from "../privileges.js";
import type { AuditContext, AuditedTable, CatalogRule, RuleFinding } from "../rule.js";

/** A sequence counts the rows of all tenants, and no policy hides where it stands. */
export const sequenceReveals: CatalogRule = {
  id: "sequence-reveals",
  threats: [57],
  check: (context, tables) => [
    ...context.catalog.around.sequences.flatMap((sequence) => judgeGrants(sequence, context, tables)),
    ...tables.flatMap((table) => judgeKeys(table, context)),
  ],
};

/** USAGE is enough to draw the next number; SELECT shows the last one, and UPDATE sets it for everybody. */
function judgeGrants(
  sequence: Sequence,
  { reach }: AuditContext,
  tables: readonly AuditedTable[],
): RuleFinding[] {
  if (!reach.canUseSchema(sequence.schema) || isOfGlobal(sequence, tables)) return [];
  if (reach.isHolder(sequence.owner)) {
    return [
      {
        level: "error",
        subject: tableSubject(sequence.schema, sequence.name),
        about: sequence.name,
        detail: `${sequence.owner} owns it, and can set the number for every tenant`,
        fix: `alter sequence ${qualify(sequence.schema, sequence.name)} owner to …, the migrator;`,
      },
    ];
  }
  return reach.heldBy(sequence.grants).flatMap((grant): RuleFinding[] => {
    const beyond = amongPrivileges(grant, ["SELECT", "UPDATE"]);
    if (beyond.length === 0) return [];
    const maySet = amongPrivileges(grant, ["UPDATE"]).length > 0;
    return [
      {
        level: maySet ? "error" : "warning",
        subject: tableSubject(sequence.schema, sequence.name),
        about: sequence.name,
        detail: `${grant.role} holds ${beyond.join(", ")} on it: it ${maySet ? "can set the number for every tenant" : "sees how many rows all tenants have made"}`,
        fix: `revoke ${privilegesSql(beyond)} on sequence ${qualify(sequence.schema, sequence.name)} from ${granteeSql(grant.role)};`,
      },
    ];
  });
}

function isOfGlobal({ column }: Sequence, tables: readonly AuditedTable[]): boolean {
  return tables.some(
    ({ relation, declaration }) =>
      declaration.kind === "global" && relation.schema === column?.schema && relation.name === column.name,
  );
}

/** A key from a sequence tells each tenant, by the gaps between its own rows, what all the others do. */
function judgeKeys(
  { relation, declaration, subject }: AuditedTable,
  { catalog }: AuditContext,
): RuleFinding[] {
  if (declaration.kind === "global") return [];
  const keys = new Set(
    relation.constraints
      .filter(({ type }) => type === "primary key" || type === "unique")
      .flatMap(({ columns }) => columns),
  );
  return catalog.around.sequences.flatMap(({ column }): RuleFinding[] => {
    const isKey =
      column?.schema === relation.schema && column.name === relation.name && keys.has(column.column);
    if (!isKey) return [];
    return [
      {
        level: "warning",
        subject,
        about: column.column,
        detail: `the key ${column.column} counts the rows of all tenants: the gaps between a tenant's own numbers tell how much the others write`,
        fix: `Use ...tenantKey(), whose uuid tells nothing; or declare the exception: exceptions: [{ rule: "${sequenceReveals.id}", subject: "${column.column}", reason: "…" }].`,
      },
    ];
  });
}
