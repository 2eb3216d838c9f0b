import { describe, expect, it } from "vitest";
import { probeTables } from "./probe-tables.js";

const NOTES = `create table notes (org text not null, id int generated always as identity, body text, gone timestamptz,
  primary key (org, id))`;

async function probeView(ddl: string) {
  return await probeTables({
    ddl: NOTES,
    tables: ["notes"],
    after: ddl,
    options: { probes: ["probe-view"] },
  });
}

describe("a view", () => {
  it.each([
    [
      "tells whether there is a row",
      "create view v as select exists (select from notes) as any; grant select on v to app_tenant",
    ],
    [
      "shows one column that may be null",
      "create view v as select reverse(body) from notes; grant select on v to app_tenant",
    ],
    ["takes new rows for anybody", "create view v as select * from notes; grant insert on v to app_tenant"],
  ])("that %s is seen", async (_name, ddl) => {
    expect((await probeView(ddl)).matrix.v).toEqual({ "probe-view": "leaked" });
  });

  it("of more columns than a function takes holds", async () => {
    const columns = Array.from({ length: 200 }, (_, at) => `body as c${at}`).join(", ");
    const report = await probeView(
      `create view v with (security_invoker) as select org, ${columns} from notes; grant select, insert on v to app_tenant`,
    );
    expect(report.matrix.v).toEqual({ "probe-view": "held" });
  });

  it.each([
    "select * from notes where gone is not null",
    "select * from notes where gone is not null and body like 'draft%' and id between 5 and 2000000",
    "select n.body, m.id from notes n join notes m using (org, id) where n.gone > '2000-01-01'",
    "select count(*) from (select body from notes where body in ('a', 'b')) t",
    `select "N".org from notes "N" where "N".body = 'paid' and "N".gone is null order by "N".gone limit 9`,
  ])("shows what its own condition asks for: %s", async (query) => {
    const make = (options: string) => `create view v ${options} as ${query}; grant select on v to app_tenant`;
    const held = await probeView(make("with (security_invoker)"));
    expect(held.matrix.v).toEqual({ "probe-view": "held" });
    const leaking = await probeView(make(""));
    expect(leaking.matrix.v).toEqual({ "probe-view": "leaked" });
  });

  it("that shows no made-up row has not been proven", async () => {
    const report = await probeView(
      "create view v with (security_invoker) as select * from notes where length(body) < 0; grant select on v to app_tenant",
    );
    expect(report.matrix.v).toEqual({ "probe-view": "not possible" });
  });

  it("of nothing that is a tenant's is left alone", async () => {
    const report = await probeView("create view v as select 1 as one; grant select on v to app_tenant");
    expect(report.matrix.v).toEqual({ "probe-view": "not applicable" });
  });
});
