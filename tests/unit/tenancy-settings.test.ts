import { describe, expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { contextType, tenantExpression } from "../../src/rls/policy-expression.js";

describe("parseTenancySettings", () => {
  it("fills in the defaults, also of its own output", () => {
    const settings = parseTenancySettings(undefined);
    expect(settings).toMatchObject({
      column: "creator_id",
      columnType: "uuid",
      setting: "app.creator_id",
      roles: { tenant: "app_tenant", door: "app_door", admin: "app_admin" },
      policyForm: "initplan",
    });
    expect(parseTenancySettings(settings)).toEqual(settings);
    expect(parseTenancySettings({ roles: { tenant: "x" } }).roles).toEqual({
      tenant: "x",
      door: "app_door",
      admin: "app_admin",
    });
  });

  it.each([
    [{ colunm: "x" }, "colunm"],
    [{ roles: { tennant: "x" } }, "roles"],
    [{ column: "" }, "column"],
    [{ column: "ö".repeat(32) }, "column"],
    [{ column: "a\0b" }, "column"],
    [{ columnType: "json" }, "columnType"],
    [{ setting: "creator" }, "setting"],
    [{ setting: "app.a'b" }, "setting"],
    [{ setting: "app.1" }, "setting"],
    [{ actorSetting: "app." }, "actorSetting"],
    [{ roles: { tenant: "same", door: "same" } }, "roles"],
    [{ policyForm: "fast" }, "policyForm"],
    ["creator_id", "options"],
  ])("refuses %j, and names %s", (options, field) => {
    expect(() => parseTenancySettings(options)).toThrow(
      expect.objectContaining({ code: "config-invalid", details: [expect.stringContaining(field)] }),
    );
  });
});

describe("the policy expression", () => {
  it("casts the setting, never the column, and asks it once per statement", () => {
    expect(tenantExpression(parseTenancySettings({}), "creator_id", "uuid")).toBe(
      `"creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))`,
    );
    expect(tenantExpression(parseTenancySettings({ policyForm: "citus" }), "Org Id", "bigint")).toBe(
      `"Org Id" = cast(nullif(current_setting('app.creator_id', true), '') as bigint)`,
    );
  });

  it.each([
    ["uuid", "uuid"],
    ["varchar(20)", "text"],
    ["VARCHAR", "text"],
    ["bigserial", "bigint"],
    ["smallint", "smallint"],
    ["jsonb", undefined],
    ["char(36)", undefined],
    ["numeric(10,2)", undefined],
    ["text[]", undefined],
  ])("takes a column of type %s as %s", (type, context) => {
    expect(contextType(type)).toBe(context);
  });
});
