import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/catalog/catalog.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { AuditContext, AuditedTable } from "../../src/isolation/rule.js";
import { hasFloor, isTenantBound } from "../../src/isolation/tenant-bound.js";

const policy = (more: Partial<Policy>): Policy => ({
  name: "p",
  permissive: true,
  command: "all",
  roles: ["app_tenant"],
  using: "E",
  check: "E",
  ...more,
});
const table = (policies: readonly Policy[] = []) =>
  ({
    declaration: { tenantColumn: "creator_id", tenantType: "uuid" },
    relation: { name: "notes", policies },
  }) as unknown as AuditedTable;
const context = {
  expected: { settings: parseTenancySettings({}) },
  analysis: { isTenantBound: (expression: string) => expression === "E" },
} as unknown as AuditContext;

describe("isTenantBound", () => {
  it.each<[string, Partial<Policy>, boolean]>([
    ["both sides bound", {}, true],
    ["no WITH CHECK of its own: USING is asked for new rows, too", { check: null }, true],
    ["WITH CHECK weaker than USING", { check: "true" }, false],
    ["USING weaker than WITH CHECK", { using: "true" }, false],
    ["insert with a check", { command: "insert", using: null }, true],
    ["insert without a check", { command: "insert", using: null, check: null }, false],
    ["select without USING", { command: "select", using: null, check: null }, false],
    ["update with a weaker check", { command: "update", check: "true" }, false],
  ])("%s", (_, more, expected) => {
    expect(isTenantBound(policy(more), table(), context)).toBe(expected);
  });
});

describe("hasFloor", () => {
  const floor = { permissive: false } as const;

  it.each<[string, Partial<Policy>, boolean]>([
    ["restrictive, every command, the tenant role", floor, true],
    ["for everybody", { ...floor, roles: ["PUBLIC"] }, true],
    ["permissive", {}, false],
    ["for one command", { ...floor, command: "select" }, false],
    ["for another role", { ...floor, roles: ["app_admin"] }, false],
    ["not bound", { ...floor, using: "true" }, false],
    ["not bound for new rows", { ...floor, check: "true" }, false],
  ])("%s", (_, more, expected) => {
    expect(hasFloor(table([policy({}), policy(more)]), context)).toBe(expected);
  });
});
