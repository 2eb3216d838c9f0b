import { is, SQL } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import {
  getTableConfig,
  isPgEnum,
  PgDialect,
  PgEnumColumn,
  pgTable,
  PgTable as Table,
  uuid,
} from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { describe, expect, it } from "vitest";
import { tenancy } from "../../drizzle.config.js";
import * as schema from "../../schema/index.js";
import type { TableDeclaration } from "../../src/rls/table-declaration.js";
import { declarationOf, setNullKeysOf } from "../../src/rls/table-declaration.js";

/** A table as Drizzle knows it, and what was declared about it. */
type Known = {
  readonly name: string;
  readonly table: PgTable;
  readonly config: ReturnType<typeof getTableConfig>;
  readonly declaration: TableDeclaration;
  readonly tenantColumn: string;
};

function know(table: PgTable): Known {
  const config = getTableConfig(table);
  const declaration = declarationOf(table);
  if (declaration?.tenantColumn === undefined) throw new Error(`${config.name} is not behind a tenant`);
  return { name: config.name, table, config, declaration, tenantColumn: declaration.tenantColumn };
}

const dialect = new PgDialect();
const print = (expression: SQL): string => dialect.sqlToQuery(expression).sql;
const exported: unknown[] = Object.values(schema);
const tables = exported.filter((value) => is(value, Table)).map(know);
const ofTenants = tables.filter(({ declaration }) => declaration.kind === "tenant");
const named = (name: string): Known => {
  const found = tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
};

/** The columns of an index, in order; an expression stands as its SQL. */
function indexColumns(index: Known["config"]["indexes"][number]): string[] {
  return index.config.columns.map((column) =>
    "name" in column ? (column.name ?? "") : is(column, SQL) ? print(column) : "",
  );
}

/** Every key that PostgreSQL will hold unique: primary keys, constraints and indexes. */
function uniqueKeys({ config }: Known): { name: string; columns: string[] }[] {
  return [
    ...config.columns
      .filter((column) => column.primary)
      .map(({ name }) => ({ name: `${config.name}_pkey`, columns: [name] })),
    ...config.columns
      .filter((column) => column.isUnique)
      .map((column) => ({ name: column.uniqueName ?? column.name, columns: [column.name] })),
    ...config.primaryKeys.map((key) => ({
      name: key.getName() ?? "",
      columns: key.columns.map(({ name }) => name),
    })),
    ...config.uniqueConstraints.map((key) => ({
      name: key.getName() ?? "",
      columns: key.columns.map(({ name }) => name),
    })),
    ...config.indexes
      .filter((index) => index.config.unique)
      .map((index) => ({ name: index.config.name ?? "", columns: indexColumns(index) })),
  ];
}

function references({ config }: Known) {
  return config.foreignKeys.map((key) => {
    const { columns, foreignColumns, foreignTable } = key.reference();
    return {
      name: key.getName() ?? "",
      columns: columns.map(({ name }) => name),
      foreignColumns: foreignColumns.map(({ name }) => name),
      foreignTable: getTableConfig(foreignTable).name,
      onDelete: key.onDelete ?? "no action",
    };
  });
}

describe("the schema", () => {
  it("puts all eight tables behind their creator", () => {
    expect(Object.fromEntries(tables.map(({ name, declaration }) => [name, declaration.kind]))).toEqual({
      audit_logs: "tenant",
      conversations: "tenant",
      creators: "root",
      documents: "tenant",
      jwt_blacklist: "tenant",
      refresh_tokens: "tenant",
      token_cutoffs: "tenant",
      widget_configurations: "tenant",
    });
  });

  it("gives every table a policy, its floor and the admin's own", () => {
    for (const { name, config } of tables) {
      expect(config.policies.map((policy) => `${policy.name} ${policy.as}`)).toEqual([
        `${name}_tenant permissive`,
        `${name}_floor restrictive`,
        `${name}_admin permissive`,
      ]);
    }
  });

  it("does not compile without the tenant column", () => {
    const stray = pgTable("stray", { id: uuid("id").primaryKey() }, (t) => [
      // @ts-expect-error: there is no creatorId
      withTenantRls(t),
    ]);
    expect(() => getTableConfig(stray)).toThrow("Table stray has no tenant column creator_id.");
  });

  it("does not compile a foreign key from a table without the tenant column", () => {
    const stray = pgTable("stray", { id: uuid("id").primaryKey() }, (t) => [
      // @ts-expect-error: there is no creatorId
      tenantForeignKey(t, { columns: [t.id], foreignColumns: [schema.documents.id] }),
    ]);
    expect(() => getTableConfig(stray)).toThrow("Table stray has no tenant column creator_id.");
  });

  it("agrees with the tenancy that drizzle.config.ts exports", () => {
    for (const { tenantColumn } of ofTenants) expect(tenantColumn).toBe(tenancy.settings.column);
    const updated = tables.filter(({ config }) =>
      config.columns.some(({ name }) => name === tenancy.settings.updatedAtColumn),
    );
    expect(updated.map(({ name }) => name).sort()).toEqual(
      tables
        .map(({ name }) => name)
        .filter((name) => name !== "audit_logs")
        .sort(),
    );
  });
});

describe("keys", () => {
  it("starts every primary key, unique constraint and unique index of a tenant table with the tenant column, and declares the values that are unique everywhere", () => {
    const others = tables.flatMap((table) =>
      uniqueKeys(table)
        .filter(({ columns }) => columns[0] !== table.tenantColumn)
        .map(({ name }) => name),
    );
    const declared = tables.flatMap(({ declaration }) =>
      declaration.exceptions
        .filter(({ rule }) => rule === "key-not-tenant-leading")
        .map(({ subject }) => subject),
    );
    expect(others).toEqual([]);
    // Not a unique index, but an exclusion constraint, which Drizzle does not know.
    expect(declared.sort()).toEqual(["creators_email_key", "refresh_tokens_token_hash_key"]);
  });

  it("refers to other tenant tables only by composite keys", () => {
    for (const table of ofTenants) {
      for (const reference of references(table)) {
        if (reference.foreignTable === "creators") continue;
        expect(reference.columns[0], reference.name).toBe("creator_id");
        expect(reference.foreignColumns, reference.name).toEqual(["creator_id", "id"]);
      }
    }
  });

  it("decides for each reference what a deletion does", () => {
    const decisions = ofTenants.flatMap((table) => {
      const nulled = new Set(setNullKeysOf(table.table).map(({ constraint }) => constraint));
      return references(table).map(({ name, foreignTable, onDelete }) => [
        name,
        foreignTable,
        nulled.has(name) ? "set null" : onDelete,
      ]);
    });
    expect(decisions.map((decision) => decision.join(" ")).sort()).toEqual([
      "conversations_creator_id_fk creators cascade",
      "conversations_document_id_fk documents set null",
      "conversations_widget_id_fk widget_configurations restrict",
      "documents_creator_id_fk creators cascade",
      "jwt_blacklist_creator_id_fk creators cascade",
      "refresh_tokens_creator_id_fk creators cascade",
      "refresh_tokens_replaced_by_fk refresh_tokens set null",
      "token_cutoffs_creator_id_fk creators cascade",
      "widget_configurations_creator_id_fk creators cascade",
    ]);
  });

  it("never nulls the tenant column with a reference", () => {
    for (const { table } of ofTenants) {
      for (const { columns } of setNullKeysOf(table)) expect(columns).not.toContain("creator_id");
    }
    const drizzleOwn = ofTenants.flatMap(references).filter(({ onDelete }) => onDelete === "set null");
    expect(drizzleOwn).toEqual([]);
  });

  it("keeps the audit log when its creator is gone", () => {
    expect(references(named("audit_logs"))).toEqual([]);
  });

  it("has an index, or a key, that begins with the columns of each foreign key", () => {
    for (const table of ofTenants) {
      const keys = [
        ...uniqueKeys(table).map(({ columns }) => columns),
        ...table.config.indexes.map(indexColumns),
      ];
      for (const { name, columns } of references(table)) {
        const serves = keys.some((key) => columns.every((column, position) => key[position] === column));
        expect(serves, name).toBe(true);
      }
    }
  });

  it("uses no name twice, and none that PostgreSQL would cut", () => {
    for (const { name, config } of tables) {
      const constraints = [
        ...config.checks.map((check) => check.name),
        ...config.foreignKeys.map((key) => key.getName() ?? ""),
        ...config.policies.map((policy) => policy.name),
      ];
      expect(new Set(constraints).size, name).toBe(constraints.length);
      for (const constraint of constraints) expect(Buffer.byteLength(constraint)).toBeLessThanOrEqual(63);
    }
    const relations = tables.flatMap((table) => [
      ...uniqueKeys(table).map((key) => key.name),
      ...table.config.indexes.filter((index) => !index.config.unique).map((index) => index.config.name ?? ""),
    ]);
    expect(new Set(relations).size).toBe(relations.length);
    for (const relation of relations) {
      expect(relation).not.toBe("");
      expect(Buffer.byteLength(relation), relation).toBeLessThanOrEqual(63);
    }
  });
});

describe("columns", () => {
  const columns = tables.flatMap(({ name, config }) =>
    config.columns.map((column) => ({ column, subject: `${name}.${column.name}` })),
  );

  it("are named in snake_case", () => {
    for (const { column } of columns) expect(column.name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it("hold times with their zone", () => {
    const times = columns.filter(({ column }) => column.getSQLType().startsWith("timestamp"));
    for (const { column, subject } of times)
      expect(column.getSQLType(), subject).toBe("timestamp with time zone");
    const created = times.filter(({ column }) => column.name === "created_at");
    expect(created).toHaveLength(tables.length);
    for (const { column } of created) expect([column.notNull, column.hasDefault]).toEqual([true, true]);
  });

  it("have no default that ends in a cast, which drizzle-kit would lose", () => {
    const texts = columns.flatMap(({ column, subject }) =>
      is(column.default, SQL) ? [{ subject, text: print(column.default) }] : [],
    );
    expect(texts.length).toBeGreaterThan(0);
    for (const { subject, text } of texts) expect(text, subject).not.toMatch(/::[a-z ]+$/);
  });

  it("take their enums from the schema's exports, or drizzle-kit would not create them", () => {
    const created = new Set(exported.filter(isPgEnum).map((type) => type.enumName));
    const used = columns.flatMap(({ column }) => (is(column, PgEnumColumn) ? [column.enum.enumName] : []));
    expect(new Set(used)).toEqual(created);
  });

  it("compare no enum in an index, which row security would not let PostgreSQL use", () => {
    for (const { config } of tables) {
      const enums = config.columns.filter((column) => is(column, PgEnumColumn)).map(({ name }) => name);
      for (const index of config.indexes) {
        for (const column of indexColumns(index))
          expect(enums, index.config.name ?? "").not.toContain(column);
      }
    }
  });
});

describe("the audit", () => {
  it("covers what is worth a record, and not the conversations", () => {
    const audited = tables.filter(({ declaration }) => declaration.audit).map(({ name }) => name);
    expect(audited.sort()).toEqual([
      "creators",
      "documents",
      "jwt_blacklist",
      "refresh_tokens",
      "token_cutoffs",
      "widget_configurations",
    ]);
  });

  it("never records a password hash or a token hash", () => {
    const hashes = tables.flatMap(({ config }) =>
      config.columns
        .filter((column) => /(^|_)hash$/.test(column.name))
        .map((column) => `${config.name}.${column.name}`),
    );
    const secrets = tables.flatMap(({ name, declaration }) =>
      declaration.secret.map((column) => `${name}.${column}`),
    );
    expect(hashes.sort()).toEqual(["creators.password_hash", "refresh_tokens.token_hash"]);
    expect(secrets.sort()).toEqual(hashes);
  });

  it("goes into the one table that services can only add to", () => {
    const logs = tables.filter(({ declaration }) => declaration.auditLog !== undefined);
    expect(logs.map(({ name }) => name)).toEqual(["audit_logs"]);
    expect(named("audit_logs").declaration.commands).toEqual(["select", "insert"]);
  });

  it("leaves deleting a creator, and taking back a revocation, to operators", () => {
    expect(named("creators").declaration.commands).toEqual(["select", "insert", "update"]);
    for (const name of ["jwt_blacklist", "token_cutoffs"])
      expect(named(name).declaration.commands).toEqual(["select", "insert"]);
  });
});

describe("withTenantRls in this schema", () => {
  it("adds the key of tenantKey(), and leaves a table's own primary key alone", () => {
    const made = getTableConfig(pgTable("made", { ...tenantKey() }, (t) => [withTenantRls(t)]));
    expect(made.primaryKeys.map((key) => key.columns.map(({ name }) => name))).toEqual([
      ["creator_id", "id"],
    ]);
    const own = named("jwt_blacklist").config.primaryKeys;
    expect(own.map((key) => key.columns.map(({ name }) => name))).toEqual([["creator_id", "jti"]]);
  });
});
