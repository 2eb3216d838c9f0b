import { describe, expect, it } from "vitest";
import { REPAIR, restored, restoringFix } from "../../src/isolation/rule.js";

describe("the fix of what the completion restores", () => {
  it("completes migrations that can still be changed, by the statement or by the command that writes it", () => {
    const fix = restoringFix(
      restored('alter table "public"."documents" force row level security'),
      "migrations",
    );
    expect(fix).toBe(
      'Complete the migration: alter table "public"."documents" force row level security; or run "tenantry create NAME", which writes it.',
    );
    expect(restoringFix(restored(), "migrations")).toBe(REPAIR);
  });

  it("never speaks of --repair there: there is no database yet", () => {
    for (const sql of [undefined, "select 1"])
      expect(restoringFix(restored(sql), "migrations")).not.toContain("--repair");
    expect(REPAIR).not.toContain("--repair");
  });

  it("repairs a live database", () => {
    for (const madeBy of ["anybody", undefined] as const)
      expect(restoringFix(restored("select 1"), madeBy)).toContain('"tenantry verify --repair"');
  });
});
