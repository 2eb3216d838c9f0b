import { createHash, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as schema from "../../schema/index.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { onDatabase } from "../../src/core/database-url.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { createJudge } from "../../src/isolation/create-judge.js";
import { listDemands } from "../../src/isolation/demands.js";
import { readExpected } from "../../src/isolation/expected.js";
import { probeDatabase } from "../../src/isolation/probes/probe-database.js";
import { findRepairs } from "../../src/isolation/repair/find-repairs.js";
import { withDatabase } from "../../src/postgres/connect.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { dropRoles } from "./service-login.js";

const expected = readExpected(parseTenancySettings({}), schema);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const DOORS = ["find_creator_by_email", "find_refresh_token_by_hash", "is_token_revoked"];

let database: TestDatabase;
const ann = randomUUID();
const bob = randomUUID();

beforeAll(async () => {
  database = await createTestDatabase();
  const { admin } = database;
  for (const [id, name] of [
    [ann, "Ann"],
    [bob, "bob"],
  ] as const) {
    await admin`insert into creators (id, email, display_name, password_hash)
      values (${id}, ${`${name}@Example.com`}, ${name}, ${`$argon2id$${name}`})`;
    await admin`insert into refresh_tokens (creator_id, token_hash, family_id, expires_at)
      values (${id}, ${sha256(name)}, ${randomUUID()}, now() + interval '1 day')`;
    await admin`insert into jwt_blacklist (creator_id, jti, expires_at)
      values (${id}, ${`jti-${name}`}, now() + interval '1 hour')`;
  }
});

/** As the service's own login, without a tenant. */
const ask = async (sql: string, parameters: readonly (string | null)[] = []) =>
  [...(await database.service.unsafe(sql, [...parameters]))] as Record<string, unknown>[];
const findByEmail = (email: string | null) =>
  ask("select * from tenantry_doors.find_creator_by_email($1)", [email]);

describe("a door, called by a service without a tenant", () => {
  it("finds one row by its whole key, and tells the declared columns alone", async () => {
    expect(await findByEmail("ann@example.COM")).toEqual([
      { id: ann, password_hash: "$argon2id$Ann", status: "active" },
    ]);
    const [token, ...more] = await ask("select * from tenantry_doors.find_refresh_token_by_hash($1)", [
      sha256("bob"),
    ]);
    expect(more).toEqual([]);
    expect(token).toMatchObject({ creator_id: bob, revoked_at: null, revoked_reason: null });
    expect(Object.keys(token ?? {})).toEqual([
      "creator_id",
      "id",
      "family_id",
      "expires_at",
      "revoked_at",
      "revoked_reason",
      "replaced_by",
    ]);
  });

  it("tells of a token only to who names its creator, too", async () => {
    const isRevoked = async (creator: string, jti: string) =>
      (await ask("select tenantry_doors.is_token_revoked($1, $2) as answer", [creator, jti]))[0]?.answer;
    expect(await isRevoked(ann, "jti-Ann")).toBe(true);
    expect(await isRevoked(bob, "jti-Ann")).toBe(false);
    expect(await isRevoked(ann, "JTI-Ann")).toBe(false);
  });

  it.each([
    ["NULL", null],
    ["a wildcard", "%"],
    ["a part and a wildcard", "ann@%"],
    ["a placeholder for one character", "ann@example_com"],
    ["a regular expression", ".*"],
    ["an empty text", ""],
    ["a space behind", "ann@example.com "],
    ["SQL", "' or true --"],
    ["an array as text", "{ann@example.com,bob@example.com}"],
    ["a megabyte", "a".repeat(1_000_000)],
    ["the Kelvin sign for a k", "ann@example.com\u212A"],
    ["a combining character", "ann@example.com\u0301"],
  ])("finds nothing by %s", async (_, email) => {
    expect(await findByEmail(email)).toEqual([]);
  });

  it.each([
    ["an array", "select * from tenantry_doors.find_creator_by_email(array['ann@example.com'])", "42883"],
    ["no key", "select * from tenantry_doors.find_creator_by_email()", "42883"],
    ["another type", "select * from tenantry_doors.is_token_revoked('%'::text, 'jti-Ann'::text)", "42883"],
    [
      "variadic",
      "select * from tenantry_doors.find_creator_by_email(variadic array['ann@example.com'])",
      "42883",
    ],
  ])("refuses %s", async (_, sql, code) => {
    await expect(ask(sql)).rejects.toMatchObject({ code });
  });

  it("finds for each of many keys its own row, and nothing more", async () => {
    const found = await ask(
      `select e.email, f.id from unnest(array['ann@example.com', 'bob@example.com', '%', null]) as e(email)
       left join lateral tenantry_doors.find_creator_by_email(e.email) as f on true order by 1`,
    );
    expect(found).toEqual([
      { email: "%", id: null },
      { email: "ann@example.com", id: ann },
      { email: "bob@example.com", id: bob },
      { email: null, id: null },
    ]);
  });

  it("sees no row of the tables that it looks into", async () => {
    for (const table of ["creators", "refresh_tokens", "jwt_blacklist"]) {
      expect(await ask(`select count(*)::int as count from ${table}`)).toEqual([{ count: 0 }]);
    }
  });
});

/** Attacks of a service's login that has found a way to run its own SQL: each in a transaction that is rolled back. */
describe("a door, called by a service with objects of its own in the way", () => {
  const UNDO = new Error("undone");
  const attack = async (statements: readonly string[], question: string) => {
    let rows: Record<string, unknown>[] = [];
    await database.service
      .begin(async (session) => {
        for (const sql of statements) await session.unsafe(sql);
        rows = [...(await session.unsafe(question))];
        throw UNDO;
      })
      .catch((thrown: unknown) => {
        if (thrown !== UNDO) throw thrown;
      });
    return rows;
  };
  const QUESTION = "select id from tenantry_doors.find_creator_by_email('nobody@example.com')";
  const TABLE =
    "create temp table creators (id uuid, email text, password_hash text, status public.creator_status)";
  const evilFunction = (name: string, types: string, returns: string, body: string) =>
    `create function pg_temp.${name}(${types}) returns ${returns} language sql as '${body}'`;

  it.each([
    [
      "a temporary table of the same name",
      [TABLE, `insert into creators values ('${randomUUID()}', 'nobody@example.com')`],
    ],
    ["a search path with pg_temp first", [TABLE, "set local search_path = pg_temp, public, pg_catalog"]],
    [
      "a function lower() of its own",
      [
        evilFunction("lower", "text", "text", "select ''ann@example.com''::text"),
        "set local search_path = pg_temp, pg_catalog",
      ],
    ],
    [
      "an operator = of its own",
      [
        evilFunction("same", "text, text", "boolean", "select true"),
        "create operator pg_temp.= (leftarg = text, rightarg = text, function = pg_temp.same)",
        "set local search_path = pg_temp, pg_catalog",
      ],
    ],
    [
      "a type of the same name",
      ["create type pg_temp.creator_status as (a int)", "set local search_path = pg_temp, public"],
    ],
    ["the context of another tenant", [`set local app.creator_id = '${ann}'`]],
    ["row security switched off for itself", ["set local row_security = on"]],
  ])("finds nothing of another with %s", async (_, statements) => {
    expect(await attack(statements, QUESTION)).toEqual([]);
    expect(await attack(statements, QUESTION.replace("nobody", "bob"))).toEqual([{ id: bob }]);
  });

  it.each([
    ["become the door role", "set role app_door", "42501"],
    ["read as the door role", "set local session authorization app_door", "42501"],
    [
      "replace the function",
      "create or replace function tenantry_doors.find_creator_by_email(text) returns setof text language sql as 'select 1::text'",
      "42501",
    ],
    [
      "add one beside it",
      "create function tenantry_doors.find_creator_by_email(varchar) returns text language sql as 'select 1::text'",
      "42501",
    ],
    ["add a table for it", "create table tenantry_doors.creators (id int)", "42501"],
    ["alter it", "alter function tenantry_doors.find_creator_by_email(text) reset all", "42501"],
    [
      "give it to itself",
      "alter function tenantry_doors.find_creator_by_email(text) owner to app_tenant",
      "42501",
    ],
    ["pass it on", "grant execute on function tenantry_doors.find_creator_by_email(text) to public", "0"],
    ["drop it", "drop function tenantry_doors.find_creator_by_email(text)", "42501"],
  ])("may not %s", async (_, sql, code) => {
    const tried = attack(
      [sql],
      "select has_function_privilege('public', 'tenantry_doors.find_creator_by_email(text)', 'execute') as open",
    );
    if (code === "0") expect(await tried).toEqual([{ open: false }]);
    else await expect(tried).rejects.toMatchObject({ code });
  });

  it("is not stopped from its use of the key by the policy: the unique index finds the row", async () => {
    const plan = await database.admin.begin(async (session) => {
      await session.unsafe("set local enable_seqscan = off; set local role app_door");
      return await session.unsafe(
        "explain (costs off) select found.id from public.creators as found where pg_catalog.lower(found.email) operator(pg_catalog.=) pg_catalog.lower('x')",
      );
    });
    expect(JSON.stringify(plan)).toContain("creators_email_key");
  });
});

describe("a door and other roles", () => {
  it("is closed to a login without the named role", async () => {
    const { admin, name } = database;
    const role = `stranger_${name}`;
    await admin.unsafe(`create role ${role} login password 'x'`);
    onTestFinished(() => dropRoles(database, [role]));
    const url = onDatabase(database.adminUrl, name, { user: role, password: "x" });
    await withDatabase(url, {}, async (stranger) => {
      for (const call of ["find_creator_by_email('ann@example.com')", "find_refresh_token_by_hash('x')"]) {
        await expect(stranger.unsafe(`select * from tenantry_doors.${call}`)).rejects.toMatchObject({
          code: "42501",
        });
      }
    });
  });

  it("has an owner who can read the columns of doors, and do nothing else", async () => {
    const refused: string[] = [];
    for (const sql of [
      "select display_name from creators",
      "select reason from jwt_blacklist",
      "select ip from refresh_tokens",
      "select * from documents",
      "update creators set status = 'closed'",
      "delete from jwt_blacklist",
      "create table tenantry_doors.mine (a int)",
      "create table public.mine (a int)",
    ]) {
      await database.admin
        .begin(async (session) => {
          await session.unsafe("set local role app_door");
          await session.unsafe(sql);
          throw new Error(`allowed: ${sql}`);
        })
        .catch((thrown: unknown) => {
          if ((thrown as { code?: string }).code !== "42501") throw thrown;
          refused.push(sql);
        });
    }
    expect(refused).toHaveLength(8);
    const [role] =
      await database.admin`select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'app_door'`;
    expect(role).toEqual({ rolcanlogin: false, rolsuper: false, rolbypassrls: false });
  });
});

const CREATE = "create or replace function tenantry_doors.find_creator_by_email(text)";
const REST = "language sql stable strict security definer rows 1 set search_path = pg_catalog, pg_temp";
const ANSWER = `returns table (id uuid, password_hash text, status public.creator_status) ${REST}`;

/** What is not the declared door, to the letter, is found, refused and restored. */
const FAULTS: readonly (readonly [what: string, breaks: string])[] = [
  [
    "LIKE in the place of equality",
    `${CREATE} ${ANSWER} as 'select id, password_hash, status from public.creators where email like $1'`,
  ],
  ["every row", `${CREATE} ${ANSWER} as 'select id, password_hash, status from public.creators'`],
  [
    "a search path of the caller's",
    "alter function tenantry_doors.find_creator_by_email(text) reset search_path",
  ],
  [
    "a search path with public",
    "alter function tenantry_doors.find_creator_by_email(text) set search_path = public, pg_catalog, pg_temp",
  ],
  ["EXECUTE for PUBLIC", "grant execute on function tenantry_doors.find_creator_by_email(text) to public"],
  [
    "EXECUTE for another role",
    "grant execute on function tenantry_doors.find_creator_by_email(text) to app_admin",
  ],
  [
    "EXECUTE with the right to pass it on",
    "grant execute on function tenantry_doors.find_creator_by_email(text) to app_tenant with grant option",
  ],
  [
    "an owner whom nothing binds",
    "alter function tenantry_doors.find_creator_by_email(text) owner to current_user",
  ],
  ["NULL let in", "alter function tenantry_doors.find_creator_by_email(text) called on null input"],
  ["rights of the caller", "alter function tenantry_doors.find_creator_by_email(text) security invoker"],
  ["LEAKPROOF", "alter function tenantry_doors.find_creator_by_email(text) leakproof"],
  [
    "an overload",
    `create function tenantry_doors.find_creator_by_email(varchar) ${ANSWER} as 'select id, password_hash, status from public.creators'; alter function tenantry_doors.find_creator_by_email(varchar) owner to app_door`,
  ],
  [
    "a door that nobody declared",
    `create function tenantry_doors.list_creators() ${ANSWER} as 'select id, password_hash, status from public.creators'; revoke execute on function tenantry_doors.list_creators() from public; grant execute on function tenantry_doors.list_creators() to app_tenant; alter function tenantry_doors.list_creators() owner to app_door`,
  ],
  ["the door gone", "drop function tenantry_doors.find_creator_by_email(text)"],
  ["its schema closed", "revoke usage on schema tenantry_doors from app_tenant"],
  ["its schema open", "grant create on schema tenantry_doors to app_tenant"],
  ["its policy gone", "drop policy creators_door on creators"],
  [
    "its policy for more than reading",
    "drop policy creators_door on creators; create policy creators_door on creators to app_door using (true)",
  ],
  ["a column more", "grant select (display_name) on creators to app_door"],
  ["a column less", "revoke select (email) on creators from app_door"],
];

describe("what stands in a door's place", () => {
  it.each(FAULTS)("is restored where it has %s", async (_, breaks) => {
    const { admin } = await createTestDatabase();
    await admin.unsafe(breaks);
    const repairs = () =>
      admin.begin(async (session) =>
        findRepairs(session, expected, await readCatalog(session, catalogScope(expected))),
      );
    const found = await repairs();
    expect(found).toHaveLength(1);
    for (const { statements } of found) for (const sql of statements) await admin.unsafe(sql);
    expect(await repairs()).toEqual([]);
    expect((await (await createJudge(expected))(admin)).findings).toEqual([]);
  });

  it.each([...FAULTS.slice(0, 8), ...FAULTS.slice(11, 13)])(
    "is an error of the audit with %s",
    async (_, breaks) => {
      const { admin } = await createTestDatabase();
      await admin.unsafe(breaks);
      const { findings } = await (await createJudge(expected))(admin);
      expect(findings).toContainEqual(
        expect.objectContaining({
          rule: "function-security-definer",
          level: "error",
          subject: expect.stringMatching(/^tenantry_doors\./),
        }),
      );
    },
  );

  it.each(FAULTS.slice(0, 2))("is proven open by the probe with %s", async (_, breaks) => {
    const { admin } = await createTestDatabase();
    await admin.unsafe(breaks);
    const catalog = await readCatalog(admin, catalogScope(expected));
    const report = await probeDatabase({
      database: admin,
      expected,
      catalog,
      throwAway: true,
      probes: ["probe-door"],
    });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ rule: "probe-door", subject: "tenantry_doors.find_creator_by_email" }),
    );
  });
});

describe("the demands of doors", () => {
  it("may be run twice, and end as they began", async () => {
    const { admin } = await createTestDatabase();
    const read = async () => JSON.stringify((await readCatalog(admin, catalogScope(expected))).functions);
    const before = await read();
    for (const { key, clear, make } of listDemands(expected)) {
      if (key.includes("tenantry_doors")) for (const sql of [...clear, ...make]) await admin.unsafe(sql);
    }
    expect(await read()).toBe(before);
    expect(expected.doors.map(({ name }) => name)).toEqual(DOORS);
  });
});
