import type { ts } from "ts-morph";
import type { Finding } from "../src/core/finding.js";
import type { TenancySettings } from "../src/core/tenancy-settings.js";
import type { DeclaredException, TableDeclaration } from "../src/rls/table-declaration.js";
import type { Place, SchemaModel, TableModel } from "./schema-model.js";
import type { SourceFile } from "./source-file.js";
import type { SqlParser } from "./sql-parser.js";

/** What a rule over code may look at. */
export type CodeContext = {
  readonly settings: TenancySettings;
  readonly model: SchemaModel;
  /** PostgreSQL's parser; undefined where no view and no policy of the project's own is there to be parsed. */
  readonly parser: SqlParser | undefined;
  /** The files of the services, if the project names any. */
  readonly services: readonly ServiceFile[];
};

/** A source file of a service. */
export type ServiceFile = {
  readonly file: SourceFile;
  readonly placeOf: (node: ts.Node) => Place;
};

/** A finding before its rule and its exceptions are known. */
export type CodeFinding = Omit<Finding, "rule"> & {
  /** What an exception of the table may name to accept it: a key, a constraint or a policy. */
  readonly object?: { readonly table: TableModel; readonly name: string };
};

/** One rule: an id that is a heading in `docs/rules.md`, and what it finds. */
export type CodeRule = {
  readonly id: string;
  /** The numbers in the catalogue of leaks that it covers. */
  readonly threats: readonly number[];
  readonly check: (context: CodeContext) => readonly CodeFinding[];
};

/** A table whose policies can be judged: with the column that says whose a row is. */
export type PolicedTable = {
  readonly table: TableModel;
  readonly tenantColumn: string;
  readonly tenantType: string;
};

/** A table that belongs to tenants, the root included, with what was declared about it. */
export type TenantTable = PolicedTable & {
  readonly declaration: TableDeclaration;
  readonly exceptions: readonly DeclaredException[];
};

const known = new WeakMap<SchemaModel, readonly TenantTable[]>();

/** The tables that belong to tenants. Those that are not declared, or cannot be read, are other rules' findings. */
export function tenantTables(model: SchemaModel): readonly TenantTable[] {
  const found = known.get(model) ?? findTenantTables(model);
  known.set(model, found);
  return found;
}

function findTenantTables(model: SchemaModel): TenantTable[] {
  return model.tables.flatMap((table) => {
    const { declaration } = table;
    const { tenantColumn, tenantType, kind, exceptions } = declaration ?? {};
    if (table.failure !== undefined || declaration === undefined || kind === "global") return [];
    if (tenantColumn === undefined || tenantType === undefined) return [];
    return [{ table, declaration, tenantColumn, tenantType, exceptions: exceptions ?? [] }];
  });
}

/** A table as people name it: the schema only where it is not `public`. */
export function subjectOf(named: { readonly schema: string; readonly name: string }): string {
  return named.schema === "public" ? named.name : `${named.schema}.${named.name}`;
}

/** File, line and column, as a finding has them. */
export function at(place: Place | undefined): Partial<Place> {
  return place ?? {};
}
