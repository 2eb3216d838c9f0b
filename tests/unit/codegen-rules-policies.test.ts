import { describe, expect, it } from "vitest";
import { checkSchema } from "../fixtures/codegen/check-fixture.js";

const CONTEXT = "(select cast(nullif(current_setting('app.creator_id', true), '') as uuid))";
const BOUND = `creator_id = ${CONTEXT}`;

/** A table with a policy of its own beside those of the tenancy; the policy stands in line 5. */
const table = (policy: string, rls = "withTenantRls(t)") => `export const notes = pgTable("notes", {
  ...tenantKey(),
}, (t) => [
  ${rls},
  ${policy},
]);
`;

type Parts = {
  readonly using?: string;
  readonly check?: string;
  readonly command?: string;
  readonly as?: string;
  readonly to?: string;
};

const policy = ({ using, check, command = "all", as = "permissive", to = "app_tenant" }: Parts) =>
  table(
    `pgPolicy("extra", { as: "${as}", for: "${command}", to: ${to === "public" ? '"public"' : `pgRole("${to}").existing()`}${
      using === undefined ? "" : `, using: sql\`${using}\``
    }${check === undefined ? "" : `, withCheck: sql\`${check}\``} })`,
  );

const found = (rule: string) => [`${rule} notes 5`];

describe("a policy of the project's own", () => {
  it.each<[string, Parts]>([
    ["the tenant equality", { using: BOUND }],
    ["the equality turned round", { using: `${CONTEXT} = creator_id` }],
    [
      "the equality without a subselect",
      { using: "creator_id = nullif(current_setting('app.creator_id', true), '')::uuid" },
    ],
    ["a column object", { using: `\${t.creatorId} = ${CONTEXT}` }],
    ["the equality, and more", { using: `${BOUND} and (id is not null or true)` }],
    ["a WITH CHECK that is as strict", { using: BOUND, check: BOUND }],
    ["an insert policy with a WITH CHECK", { command: "insert", check: BOUND }],
    ["a delete policy", { command: "delete", using: BOUND }],
    ["a restrictive policy on something else", { as: "restrictive", using: "id is not null" }],
    ["a restrictive policy that asks for a role", { as: "restrictive", using: "current_user <> 'nobody'" }],
    ["a policy for another role", { to: "app_admin", using: "true" }],
    ["a policy for a role that services are not in", { to: "reporting", using: "true" }],
  ])("may have %s", async (_, parts) => {
    expect(await checkSchema(policy(parts))).toEqual([]);
  });

  it.each<[string, Parts]>([
    ["policy-always-true", { using: "true" }],
    ["policy-always-true", { using: "1 = 1" }],
    ["policy-always-true", { using: "'t'::boolean" }],
    ["policy-always-true", { using: `${BOUND} or true` }],
    ["policy-always-true", { using: "creator_id = creator_id" }],
    ["policy-always-true", { using: "\u0024{t.creatorId} is not null" }],
    ["policy-always-true", { using: BOUND, check: "true" }],
    ["policy-always-true", { command: "select", using: "true" }],
    ["policy-context-open", { using: `${CONTEXT} is null or ${BOUND}` }],
    ["policy-context-open", { using: `current_setting('app.creator_id', true) = '' or ${BOUND}` }],
    ["policy-context-open", { using: `coalesce(${CONTEXT}, creator_id) = creator_id` }],
    ["policy-switched-off", { using: `current_setting('app.bypass', true) = 'on' or ${BOUND}` }],
    ["policy-hard-coded-tenant", { using: "creator_id = '0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d'" }],
    [
      "policy-hard-coded-tenant",
      { using: `creator_id in ('0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d') or ${BOUND}` },
    ],
    ["policy-keyed-on-role", { using: "creator_id::text = current_user" }],
    [
      "policy-casts-column",
      { using: "creator_id::text = (select nullif(current_setting('app.creator_id', true), ''))" },
    ],
    [
      "policy-wrong-setting",
      { using: "creator_id = (select nullif(current_setting('app.creatorid', true), '')::uuid)" },
    ],
    [
      "policy-context-strict",
      { using: "creator_id = (select nullif(current_setting('app.creator_id'), '')::uuid)" },
    ],
    [
      "policy-context-strict",
      { using: "creator_id = (select current_setting('app.creator_id', true)::uuid)" },
    ],
    ["policy-check-weaker", { using: BOUND, check: "id is null" }],
    ["policy-reads-other-table", { using: "exists (select from creators c where c.id = creator_id)" }],
    ["policy-recursive", { using: `exists (select from notes n where n.creator_id = ${CONTEXT})` }],
    ["policy-recursive", { as: "restrictive", using: `exists (select from public.notes)` }],
    ["policy-widens", { using: `id = ${CONTEXT}` }],
    ["policy-widens", { using: `${BOUND} or id is null` }],
    ["policy-for-public", { using: BOUND, to: "public" }],
    ["policy-unreadable", { using: "creator_id = = 1" }],
  ])("is found by %s: %o", async (rule, parts) => {
    expect(await checkSchema(policy(parts))).toEqual(found(rule));
  });

  it("is accepted by a declared exception, under its own name or as a wider policy", async () => {
    const rls = (rule: string) =>
      `withTenantRls(t, { exceptions: [{ rule: "${rule}", subject: "extra", reason: "a directory of all notes" }] })`;
    const open = `pgPolicy("extra", { to: pgRole("app_tenant").existing(), for: "select", using: sql\`true\` })`;
    expect(await checkSchema(table(open, rls("policy-always-true")))).toEqual([]);
    expect(await checkSchema(table(open, rls("policy-widens")))).toEqual([]);
    expect(await checkSchema(table(open, rls("policy-context-open")))).toEqual([
      "policy-always-true notes 5",
      "exception-unused notes 4",
    ]);
  });

  it("is judged like the others if it is linked to its table and exported alone", async () => {
    const text = (
      using: string,
    ) => `export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);

export const extra = pgPolicy("extra", { to: pgRole("app_tenant").existing(), using: sql\`${using}\` }).link(notes);
`;
    expect(await checkSchema(text("true"))).toEqual(["policy-always-true notes 3"]);
    expect(await checkSchema(text(BOUND))).toEqual([]);
  });

  it("may name its columns in full in a table of another schema", async () => {
    const text = (column: string) => `const app = pg.pgSchema("app");
export const notes = app.table("notes", { ...tenantKey() }, (t) => [
  withTenantRls(t),
  pgPolicy("extra", { to: pgRole("app_tenant").existing(), using: sql\`\${${column}} = ${CONTEXT}\` }),
]);
`;
    expect(await checkSchema(text("t.creatorId"))).toEqual([]);
    expect(await checkSchema(text("t.id"))).toEqual(["policy-widens app.notes 4"]);
  });
});

describe("policy-parameters", () => {
  it("finds a value in a policy, which drizzle-kit would write as $1", async () => {
    const withValue = table(
      `pgPolicy("extra", { to: pgRole("app_tenant").existing(), using: sql\`creator_id = \${"0192d0a4"}\` })`,
    );
    expect(await checkSchema(withValue)).toEqual(found("policy-parameters"));
    expect(await checkSchema(withValue.replace('\u0024{"0192d0a4"}', CONTEXT))).toEqual([]);
  });
});

describe("the tenancy's own policies", () => {
  const own = (extras: string) =>
    `export const notes = pgTable("notes", { ...tenantColumn(), id: uuid("id") }, (t) => {
  const policies = withTenantRls(t);
  return [index().on(t.creatorId), ${extras}];
});
`;

  it("are missed where they are not returned", async () => {
    expect(await checkSchema(own("...policies"))).toEqual([]);
    expect(await checkSchema(own(""))).toEqual(["policy-missing notes 1"]);
  });

  it("are missed where the floor alone is left out", async () => {
    const permissive = own(`...policies.filter((each) => Reflect.get(each, "as") !== "restrictive")`);
    expect(await checkSchema(permissive)).toEqual(["policy-not-tenant-bound notes 1"]);
    const floorAlone = own(`...policies.filter((each) => Reflect.get(each, "as") === "restrictive")`);
    expect(await checkSchema(floorAlone)).toEqual(["policy-missing notes 1"]);
  });

  it("may be of another column, type and setting", async () => {
    const text = `import { defineTenancy } from "tenantry";
const tenancy = defineTenancy({ column: "org_id", columnType: "text", setting: "app.org" });
export const orgs = pgTable("orgs", { ...tenancy.tenantRootKey() }, (t) => [tenancy.tenantRoot(t)]);
export const notes = pgTable("notes", { ...tenancy.tenantKey() }, (t) => [
  tenancy.withTenantRls(t),
  pgPolicy("extra", { to: pgRole("app_tenant").existing(), using: sql\`org_id = (select nullif(current_setting('app.org', true), ''))\` }),
]);
`;
    const settings = { column: "org_id", columnType: "text", setting: "app.org" } as const;
    const findings = await checkSchema(text, settings);
    expect(findings.filter((finding) => !finding.includes("creators"))).toEqual([]);
  });
});
