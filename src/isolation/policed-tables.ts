import type { Relation } from "../catalog/catalog.js";
import { tableSubject } from "../catalog/facts.js";
import type { TableDeclaration } from "../rls/table-declaration.js";
import type { AuditContext, AuditedTable } from "./rule.js";

/** The tables that belong to tenants, and {@link undeclaredTables}. */
export function policedTables(context: AuditContext, tables: readonly AuditedTable[]): AuditedTable[] {
  return [
    ...tables.filter(({ declaration }) => declaration.kind !== "global"),
    ...undeclaredTables(context, tables),
  ];
}

/**
 * The tables of the managed schemas that nobody declared but that have the tenant column, row security and policies, as
 * if they belonged to tenants: somebody has written these by hand, in a raw migration or on the database. That they are
 * not declared is another rule's finding.
 */
export function undeclaredTables(context: AuditContext, tables: readonly AuditedTable[]): AuditedTable[] {
  const { expected, catalog, reads } = context;
  const managed = new Set(expected.tables.map(({ schema }) => schema));
  return catalog.relations
    .filter((relation) => managed.has(relation.schema) && relation.rowSecurity)
    .filter((relation) => !tables.some((table) => table.relation === relation))
    .filter((relation) => reads.parentOf(relation) === undefined)
    .flatMap((relation) => asTenants(relation, context));
}

function asTenants(relation: Relation, { expected }: AuditContext): AuditedTable[] {
  const { column: tenantColumn } = expected.settings;
  const tenantType = relation.columns.find(({ name }) => name === tenantColumn)?.type;
  if (tenantType === undefined) return [];
  const declaration: TableDeclaration = {
    kind: "tenant",
    tenantColumn,
    tenantType,
    commands: [],
    audit: false,
    secret: [],
    auditLog: undefined,
    exceptions: [],
    reason: undefined,
  };
  const { schema, name } = relation;
  const expectedTable = {
    schema,
    name,
    declaration,
    columns: relation.columns.map((column) => column.name),
    primaryKey: [],
    policies: [],
    serialColumns: [],
    setNullReferences: [],
    globalUniques: [],
  };
  return [{ subject: tableSubject(schema, name), expected: expectedTable, declaration, relation }];
}
