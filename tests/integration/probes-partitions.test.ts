import { describe, expect, it } from "vitest";
import { probeTables } from "./probe-tables.js";

const KEY =
  "org text not null, id uuid not null default gen_random_uuid(), at timestamptz not null, kind text not null";

async function probeParts(ddl: string, open: string, columnType: "text" | "bigint" | "uuid" = "text") {
  return await probeTables({
    ddl,
    tables: ["events"],
    columnType,
    after: open,
    options: { probes: ["probe-outage", "probe-partition"] },
  });
}
const grant = (...children: readonly string[]) => `grant select on ${children.join(", ")} to app_tenant`;

const BY_TIME = `create table events (${KEY}) partition by range (at);
  create table e_old partition of events for values from ('2001-01-01') to ('2002-01-01');
  create table e_far partition of events for values from ('2090-01-01') to (maxvalue);
  create table e_rest partition of events default`;
const BY_KIND = `create table events (${KEY}) partition by list (kind);
  create table e_in partition of events for values in ('in', 'IN'); create table e_out partition of events for values in ('out') partition by range (at);
  create table e_out_old partition of events for values in ('never') ; create table e_out_2001 partition of e_out for values from ('2001-01-01') to ('2002-01-01')`;
const hash = (type: string) => `create table events (org ${type} not null, kind text) partition by hash (org);
  create table e_0 partition of events for values with (modulus 3, remainder 0); create table e_1 partition of events for values with (modulus 3, remainder 1);
  create table e_2 partition of events for values with (modulus 3, remainder 2)`;
const BY_TENANT = `create table events (org bigint not null, kind text) partition by range (org);
  create table e_small partition of events for values from (0) to (1000); create table e_big partition of events for values from (1000) to (maxvalue)`;
const CHILD = `create table events (org text not null, kind text); create table e_child (more int not null check (more > 40)) inherits (events);
  create table e_grandchild () inherits (e_child)`;

describe("a child table", () => {
  it.each([
    ["of an old time", BY_TIME, "e_old", "text"],
    ["of a far time", BY_TIME, "e_far", "text"],
    ["for the rest", BY_TIME, "e_rest", "text"],
    ["of a list", BY_KIND, "e_in", "text"],
    ["with children of its own", BY_KIND, "e_out", "text"],
    ["of another partition", BY_KIND, "e_out_2001", "text"],
    ["of a hash of a text", hash("text"), "e_0", "text"],
    ["of another hash of a text", hash("text"), "e_2", "text"],
    ["of a hash of a number", hash("bigint"), "e_1", "bigint"],
    ["of a hash of a uuid", hash("uuid"), "e_2", "uuid"],
    ["of few tenants", BY_TENANT, "e_small", "bigint"],
    ["that inherits", CHILD, "e_child", "text"],
    ["that inherits from a child", CHILD, "e_grandchild", "text"],
  ] as const)("%s, which services may read, is seen with a row in it", async (_name, ddl, child, type) => {
    const report = await probeParts(ddl, grant(child), type);
    expect(report.findings).toEqual([
      expect.objectContaining({ rule: "probe-partition", detail: expect.stringContaining(child) }),
    ]);
  });

  it("that may only be written, or emptied, is seen", async () => {
    for (const privilege of ["insert", "truncate", "delete, select (org)"]) {
      const report = await probeParts(BY_TIME, `grant ${privilege} on e_old to app_tenant`);
      expect(report.matrix.events).toMatchObject({ "probe-partition": "leaked" });
    }
  });

  it("with the parent's policies holds, and so does one that services cannot use", async () => {
    const bound = "(org = nullif(current_setting('app.org', true), ''))";
    const report = await probeParts(
      BY_TIME,
      `alter table e_old enable row level security; create policy p on e_old to app_tenant using ${bound};
       grant select, insert, update, delete on e_old to app_tenant`,
    );
    expect(report.matrix.events).toMatchObject({ "probe-partition": "held" });
    expect((await probeParts(BY_TIME, "select 1")).matrix.events).toMatchObject({
      "probe-partition": "held",
    });
  });

  it("into which no row can be put has not been proven", async () => {
    const report = await probeParts(
      `create table events (${KEY}) partition by list (md5(kind));
       create table e_any partition of events default; create table e_one partition of events for values in ('900150983cd24fb0d6963f7d28e17f72')`,
      grant("e_one"),
    );
    expect(report.findings).toEqual([
      expect.objectContaining({
        rule: "probe-not-possible",
        detail: expect.stringMatching(/services may use public\.e_one, and no row could be put there/),
      }),
    ]);
  });
});
