import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { readServerFacts } from "../../src/postgres/server-facts.js";
import { type CreatorWithRows, insertRow, makeCreatorWithRows } from "../support/creator-with-rows.js";
import { createTestDatabase } from "../support/databases.js";
import { inContext } from "../support/in-context.js";
import { expectPermissionDenied, expectPolicyViolation, refusal } from "../support/refusals.js";
import { ROW_FACTORIES, type Row, type RowFactory } from "../support/row-factories.js";
import { TENANT_TABLES, type TenantTable } from "../support/tenant-tables.js";

type Sql = postgres.TransactionSql;

const { admin, service } = await createTestDatabase();

let ann: CreatorWithRows;
let bob: CreatorWithRows;
let bobsRows: unknown;
const connections = new Set<number>();

beforeAll(async () => {
  ann = await makeCreatorWithRows(service, "of Ann");
  bob = await makeCreatorWithRows(service, "of Bob");
  bobsRows = await rowsOf(bob);
});

afterEach(async () => {
  // Whatever Ann has tried, and whatever it said to her.
  expect(await rowsOf(bob)).toEqual(bobsRows);
});

/** Everything a creator has, seen past all policies. */
async function rowsOf({ id }: CreatorWithRows): Promise<unknown> {
  const rows = await Promise.all(
    TENANT_TABLES.map(async ({ name, tenant, key }) => [
      name,
      await admin`select * from ${admin(name)} where ${admin(tenant)} = ${id} order by ${admin([tenant, ...key])}`,
    ]),
  );
  return Object.fromEntries(rows);
}

/** Runs statements as the service, in Ann's context. */
function asAnn<T>(use: (sql: Sql) => Promise<T>): Promise<T> {
  return as(ann.id, use);
}

function as<T>(creatorId: string | undefined, use: (sql: Sql) => Promise<T>): Promise<T> {
  return inContext(service, creatorId, async (sql) => {
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    connections.add(row!.pid);
    return await use(sql);
  });
}

/** A row of this table that Ann may write, for whichever creator it then claims to be. */
function annsRow({ name }: TenantTable): Row {
  return factoryOf(name).make("by Ann", ann.parents);
}

function factoryOf(table: string): RowFactory {
  const factory = ROW_FACTORIES[table];
  if (factory === undefined) throw new Error(`tests/support/row-factories.ts has nothing for ${table}`);
  return factory;
}

/** The values of the primary key's columns behind the tenant column. */
function keyOf({ name, key }: TenantTable, creator: CreatorWithRows): Row {
  return Object.fromEntries(key.map((column) => [column, creator.rows[name]?.[column]]));
}

it("has a factory for every table, and a table for every factory", () => {
  expect(Object.keys(ROW_FACTORIES).sort()).toEqual(TENANT_TABLES.map(({ name }) => name).sort());
});

it("runs as a login that is in the tenant role alone, and that no policy exempts", async () => {
  const { superuser, bypassesRowSecurity, role } = await readServerFacts(service);
  expect({ superuser, bypassesRowSecurity }).toEqual({ superuser: false, bypassesRowSecurity: false });
  const roles = await admin`
    select pg_get_userbyid(roleid) as name from pg_auth_members where member = ${role}::regrole`;
  expect([...roles]).toEqual([{ name: "app_tenant" }]);
});

describe.each(TENANT_TABLES.map((table) => [table.name, table] as const))(
  "one creator's %s, to another creator",
  (_, table) => {
    const { name, tenant, commands, key, references } = table;
    const allows = (command: TenantTable["commands"][number]) => commands.includes(command);
    const { change } = factoryOf(name);
    const ofBob = (sql: Sql) => sql`${sql(tenant)} = ${bob.id}`;

    it("cannot be read", async () => {
      expect(await asAnn((sql) => sql`select * from ${sql(name)} where ${ofBob(sql)}`)).toHaveLength(0);
      const seen = await asAnn((sql) => sql`select distinct ${sql(tenant)} as id from ${sql(name)}`);
      expect([...seen]).toEqual([{ id: ann.id }]);
    });

    it("cannot be locked", async () => {
      const lock = asAnn((sql) => sql`select * from ${sql(name)} where ${ofBob(sql)} for update`);
      if (allows("update")) expect(await lock).toHaveLength(0);
      else await expectPermissionDenied(lock);
    });

    it("cannot be updated", async () => {
      const update = asAnn(
        (sql) => sql`update ${sql(name)} set ${sql(change)} where ${ofBob(sql)} returning *`,
      );
      if (allows("update")) expect(await update).toHaveLength(0);
      else await expectPermissionDenied(update);
    });

    it("cannot be deleted", async () => {
      const remove = asAnn((sql) => sql`delete from ${sql(name)} where ${ofBob(sql)} returning *`);
      if (allows("delete")) expect(await remove).toHaveLength(0);
      else await expectPermissionDenied(remove);
    });

    it("cannot be merged into", async () => {
      const merge = asAnn(
        (sql) => sql`
        merge into ${sql(name)} as target using (values (cast(${bob.id} as uuid))) as source (id)
        on target.${sql(tenant)} = source.id when matched then update set ${sql(change)}`,
      );
      if (allows("update")) expect((await merge).count).toBe(0);
      else await expectPermissionDenied(merge);
    });

    it("cannot be inserted in the other's name", async () => {
      const row = { ...annsRow(table), [tenant]: bob.id };
      await expectPolicyViolation(asAnn((sql) => insertRow(sql, name, row)));
      await expectPolicyViolation(asAnn((sql) => insertRow(sql, name, { ...row, ...keyOf(table, bob) })));
      await expectPolicyViolation(asAnn((sql) => insertRow(sql, name, { ...row, [tenant]: randomUUID() })));
    });

    it("cannot be the place to which a row is moved", async () => {
      const move = asAnn(
        (sql) => sql`
        update ${sql(name)} set ${sql({ [tenant]: bob.id })} where ${sql(tenant)} = ${ann.id} returning *`,
      );
      if (allows("update")) await expectPolicyViolation(move);
      else await expectPermissionDenied(move);
    });

    it("cannot be upserted in the other's name", async () => {
      const row = { ...annsRow(table), [tenant]: bob.id, ...keyOf(table, bob) };
      const target = [tenant, ...key];
      await expectPolicyViolation(
        asAnn((sql) => sql`insert into ${sql(name)} ${sql(row)} on conflict do nothing`),
      );
      const update = asAnn(
        (sql) => sql`
        insert into ${sql(name)} ${sql(row)} on conflict (${sql(target)}) do update set ${sql(change)} where true`,
      );
      if (allows("update")) await expectPolicyViolation(update);
      else await expectPermissionDenied(update);
    });

    // The root's own key is the tenant id: there is nothing else in it to share with another creator.
    if (key.length > 0) {
      it("does not stand in the way of the same key in one's own name", async () => {
        const cleo = await makeCreatorWithRows(service, "of Cleo");
        const row = { ...factoryOf(name).make("by Cleo", cleo.parents), ...keyOf(table, bob) };
        const inserted = await as(
          cleo.id,
          (sql) => sql`insert into ${sql(name)} ${sql(row)} on conflict do nothing`,
        );
        expect(inserted.count).toBe(1);
      });
    }

    if (references.length > 0) {
      it("cannot be referred to", async () => {
        for (const { column, parent } of references) {
          const reference = { ...factoryOf(name).withReference?.[column], [column]: bob.parents[parent]! };
          const insert = asAnn((sql) => insertRow(sql, name, { ...annsRow(table), ...reference }));
          expect(await refusal(insert)).toMatchObject({ code: "23503" });
          const update = asAnn(
            (sql) => sql`update ${sql(name)} set ${sql(reference)} where ${sql(tenant)} = ${ann.id}`,
          );
          if (allows("update")) expect(await refusal(update)).toMatchObject({ code: "23503" });
          else await expectPermissionDenied(update);
        }
      });
    }

    it("cannot be reached without a context, in a transaction or out of one", async () => {
      const attempts: ((use: (sql: Sql | typeof service) => Promise<unknown>) => Promise<unknown>)[] = [
        (use) => as(undefined, use),
        (use) => use(service),
      ];
      for (const attempt of attempts) {
        expect(await attempt((sql) => sql`select * from ${sql(name)}`)).toHaveLength(0);
        const update = attempt((sql) => sql`update ${sql(name)} set ${sql(change)} returning *`);
        if (allows("update")) expect(await update).toHaveLength(0);
        else await expectPermissionDenied(update);
        const remove = attempt((sql) => sql`delete from ${sql(name)} returning *`);
        if (allows("delete")) expect(await remove).toHaveLength(0);
        else await expectPermissionDenied(remove);
        await expectPolicyViolation(attempt((sql) => insertRow(sql, name, annsRow(table))));
        await expectPolicyViolation(
          attempt((sql) => insertRow(sql, name, { ...annsRow(table), [tenant]: bob.id })),
        );
      }
    });

    it("cannot be emptied", async () => {
      await expectPermissionDenied(asAnn((sql) => sql`truncate ${sql(name)} cascade`));
    });

    it("cannot be had by switching row security off", async () => {
      const read = asAnn(async (sql) => {
        await sql`set local row_security = off`;
        return await sql`select * from ${sql(name)}`;
      });
      await expectPolicyViolation(read);
    });
  },
);

describe.each(TENANT_TABLES.map((table) => [table.name, table] as const))(
  "one creator's own %s",
  (_, table) => {
    const { name, tenant, commands, key, references } = table;
    const allows = (command: TenantTable["commands"][number]) => commands.includes(command);
    const { change, make } = factoryOf(name);

    const whereKey = (sql: Sql, row: postgres.Row) =>
      [tenant, ...key].reduce((all, column) => sql`${all} and ${sql(column)} = ${row[column]}`, sql`true`);

    /** A creator of one's own, since there is only one row of the root for each. */
    const newRow = async () => {
      const creator = await makeCreatorWithRows(service, "of Cleo");
      const run = <T>(use: (sql: Sql) => Promise<T>) => as(creator.id, use);
      const row = creator.rows[name]!;
      return { creator, run, row, mine: (sql: Sql) => whereKey(sql, row) };
    };

    it("can be read, and is inserted in the context's name without naming anybody", async () => {
      const { creator, run, row, mine } = await newRow();
      expect(row[tenant]).toBe(creator.id);
      expect([...(await run((sql) => sql`select * from ${sql(name)} where ${mine(sql)}`))]).toEqual([row]);
    });

    it(`can${allows("update") ? "" : "not"} be updated`, async () => {
      const { run, mine } = await newRow();
      const update = run((sql) => sql`update ${sql(name)} set ${sql(change)} where ${mine(sql)} returning *`);
      if (allows("update")) expect([...(await update)]).toEqual([expect.objectContaining(change)]);
      else await expectPermissionDenied(update);
    });

    it(`can${allows("update") ? "" : "not"} be upserted`, async () => {
      const { creator, run, row } = await newRow();
      const again = { ...make("again", creator.parents), [tenant]: creator.id };
      const same = { ...again, ...Object.fromEntries(key.map((column) => [column, row[column]])) };
      const upsert = run(
        (sql) => sql`
        insert into ${sql(name)} ${sql(same)} on conflict (${sql([tenant, ...key])})
        do update set ${sql(change)} where true returning *`,
      );
      if (allows("update")) expect([...(await upsert)]).toEqual([expect.objectContaining(change)]);
      else await expectPermissionDenied(upsert);
    });

    it(`can${allows("delete") ? "" : "not"} be deleted`, async () => {
      const { creator, run } = await newRow();
      const remove = run(async (sql) => {
        // Another row, that nothing refers to.
        const row =
          key.length === 0 ? creator.rows[name]! : await insertRow(sql, name, make("x", creator.parents));
        return await sql`delete from ${sql(name)} where ${whereKey(sql, row)}`;
      });
      if (allows("delete")) expect((await remove).count).toBe(1);
      else await expectPermissionDenied(remove);
    });

    if (references.length > 0) {
      it("can refer to one's own", async () => {
        const { creator, run } = await newRow();
        for (const { column, parent } of references) {
          const reference = {
            ...factoryOf(name).withReference?.[column],
            [column]: creator.parents[parent]!,
          };
          const inserted = await run((sql) =>
            insertRow(sql, name, { ...make("refers", creator.parents), ...reference }),
          );
          expect(inserted[column]).toBe(creator.parents[parent]);
        }
      });
    }
  },
);

/** A unique index, and what infers it: `on conflict (columns) where predicate`. */
type UniqueIndex = { table: string; name: string; columns: string; predicate: string | null };

const uniqueIndexes = await admin<UniqueIndex[]>`
  select c.relname as table, i.relname as name, pg_get_expr(x.indpred, x.indrelid) as predicate,
         (select string_agg(pg_get_indexdef(x.indexrelid, position, true), ', ' order by position)
          from generate_series(1, x.indnkeyatts) as position) as columns
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  where (x.indisunique or x.indisexclusion) and c.relnamespace = 'public'::regnamespace
    and c.relname in ${admin(TENANT_TABLES.map(({ name }) => name))}
  order by i.relname`;

describe("an upsert that looks into the row in its way", () => {
  /** As somebody whose row has the same values in the index, as far as they are not the tenant itself. */
  const upsert = (index: UniqueIndex) => {
    const table = TENANT_TABLES.find(({ name }) => name === index.table)!;
    const isRoot = table.key.length === 0;
    const attacker = isRoot ? randomUUID() : ann.id;
    const same = Object.entries(bob.rows[index.table]!).filter(([column]) =>
      new RegExp(`\\b${column}\\b`).test(index.columns),
    );
    const row = { ...annsRow(table), ...Object.fromEntries(same), [table.tenant]: attacker };
    return as(attacker, (sql) => {
      const where = index.predicate === null ? sql`` : sql`where ${sql.unsafe(index.predicate)}`;
      // If the condition is evaluated at all, its error shows the whole row.
      return sql`
        insert into ${sql(index.table)} ${sql(row)} on conflict (${sql.unsafe(index.columns)}) ${where}
        do update set ${sql(factoryOf(index.table).change)} where cast(to_jsonb(${sql(index.table)})::text as int) = 1`;
    });
  };

  for (const index of uniqueIndexes) {
    it(`learns nothing by ${index.name}`, async () => {
      const outcome = await upsert(index).then(
        ({ count }) => `${count} inserted`,
        (error: unknown) => (error instanceof postgres.PostgresError ? error.code : String(error)),
      );
      // 42P10: an exclusion constraint cannot be what a conflict is looked for by. 23P01 tells, as the schema declares,
      // that the hash of a token is taken, and of its row nothing.
      const told = index.columns.includes("token_hash") ? ["23P01"] : [];
      expect(["1 inserted", "42501", "42P10", ...told]).toContain(outcome);
    });
  }
});

it("came over two connections at most, used again and again", () => {
  expect([1, 2]).toContain(connections.size);
});
