import { beforeAll, describe, expect, it } from "vitest";
import { type CreatorWithRows, makeCreatorWithRows } from "../support/creator-with-rows.js";
import { createTestDatabase } from "../support/databases.js";
import { inContext } from "../support/in-context.js";
import { refusal } from "../support/refusals.js";
import { TENANT_TABLES } from "../support/tenant-tables.js";

const { service } = await createTestDatabase();
let ann: CreatorWithRows;
let bob: CreatorWithRows;

beforeAll(async () => {
  ann = await makeCreatorWithRows(service, "of Ann");
  bob = await makeCreatorWithRows(service, "of Bob");
});

describe("a pooled connection", () => {
  const readContext = async (sql: typeof service) => {
    const [row] = await sql<{ context: string | null }[]>`
      select current_setting('app.creator_id', true) as context`;
    return row!.context;
  };

  it("has an empty context, and sees nothing, once a transaction has ended", async () => {
    const connection = await service.reserve();
    try {
      await connection.unsafe(`begin; set local app.creator_id = '${ann.id}'`);
      expect(await connection`select * from documents`).not.toHaveLength(0);
      await connection`commit`;
      // Not null, as on a connection that never had one: hence the nullif in every policy.
      const [row] = await connection`select current_setting('app.creator_id', true) as context`;
      expect(row).toEqual({ context: "" });
      for (const { name } of TENANT_TABLES)
        expect(await connection`select * from ${service(name)}`).toHaveLength(0);
    } finally {
      connection.release();
    }
  });

  it("has none after a transaction that failed, either", async () => {
    await expect(inContext(service, ann.id, (sql) => sql`select 1 / 0`)).rejects.toThrow("division by zero");
    const contexts = await Promise.all([readContext(service), readContext(service)]);
    expect(contexts.filter(Boolean)).toEqual([]);
  });

  it("serves many creators at once, each with its own rows alone", async () => {
    const turns = Array.from({ length: 100 }, (_, turn) => (turn % 2 === 0 ? ann : bob));
    const connections = new Set<number | undefined>();
    const seen = await Promise.all(
      turns.map(({ id }) =>
        inContext(service, id, async (sql) => {
          const rows = await sql<{ id: string }[]>`select distinct creator_id as id from documents`;
          const [connection] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
          connections.add(connection?.pid);
          return rows.map((row) => row.id);
        }),
      ),
    );
    expect(seen).toEqual(turns.map(({ id }) => [id]));
    expect(connections.size).toBe(2);
  });

  it("cannot become another role", async () => {
    for (const role of ["app_admin", "app_door", "postgres"]) {
      const { code } = await refusal(inContext(service, ann.id, (sql) => sql`set local role ${sql(role)}`));
      expect(code, role).toBe("42501");
    }
    expect(
      await refusal(inContext(service, ann.id, (sql) => sql`set session authorization postgres`)),
    ).toMatchObject({
      code: "42501",
    });
  });
});
