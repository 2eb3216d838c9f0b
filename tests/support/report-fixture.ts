import { judgeReport } from "../../src/cli/report/judge-report.js";
import type { Attacks, Report, ReportTable } from "../../src/cli/report/report.js";

/** Turns each text of a report into another; the same for tame and for hostile reports. */
export type Naming = (text: string) => string;

const PROBES = ["probe-read", "probe-insert", "probe-update", "probe-key", "probe-outage", "probe-door"];

/** A report in which everything occurs that a page can show: each verdict, result, outcome and kind. */
export function makeReport(n: Naming = (text) => text): Report {
  const table = (name: string, more: Partial<ReportTable> = {}): ReportTable => ({
    table: n(name),
    kind: "tenant",
    exists: true,
    rowSecurity: true,
    forced: true,
    policies: 3,
    tenantLeadingKey: true,
    verdict: "isolated",
    partitions: 0,
    findings: 0,
    ...more,
  });
  const results = ["leaked", "held", "not applicable", "not possible", "error", "outage"] as const;
  const row = (shift: number): Attacks["matrix"][string] =>
    Object.fromEntries(PROBES.map((probe, index) => [probe, results[(index + shift) % 6] ?? "held"]));
  const held = Object.fromEntries(PROBES.map((probe) => [probe, "held" as const]));
  const run = {
    ...{ environment: n("production"), role: n("migrator"), host: n("deploy-1"), version: n("0.1.0") },
    ...{
      lockWaitMs: 250,
      retries: 1,
      errorCode: null,
      error: null,
      fingerprint: null,
      accepted: null,
      backupRef: null,
      applied: 1,
    },
    ...{ command: n("migrate"), gitRevision: n("0123456789abcdef0123"), outcome: "applied" },
    ...{ startedAt: new Date("2026-01-02T03:04:05Z"), finishedAt: new Date("2026-01-02T03:04:09Z") },
  };
  const migration = {
    ...{ name: n("20260101000000_first"), hash: "abcdef0123456789", mode: "steps", outcome: "applied" },
    ...{ milliseconds: 1234, lockWaitMs: 250, attempts: 2 },
    statements: [
      { line: 1, milliseconds: 1200 },
      { line: 7, milliseconds: 3.4 },
    ],
  };
  const whole: Omit<Report, "verdict"> = {
    format: 1,
    madeAt: new Date("2026-11-26T05:00:00Z"),
    localTime: n("2026-11-26 06:00:00+01:00, Europe/Berlin"),
    project: n("shop"),
    environment: "staging",
    mark: { read: true, environment: n("production") },
    version: "0.1.0",
    git: { read: true, revision: n("fedcba98765432100123"), changed: true },
    server: {
      ...{
        version: n("18.4"),
        major: 18,
        minor: 4,
        database: n("shop_db"),
        role: n("migrator"),
        superuser: false,
      },
      ...{ bypassesRowSecurity: true, createsRoles: false, readOnly: false },
      ...{ host: n("db.example.com"), port: 5432, embedded: false },
    },
    tables: [
      table("invoices", { verdict: "not isolated", findings: 2, forced: false }),
      table("strays", { kind: "not declared", verdict: "not isolated", rowSecurity: false }),
      table("drafts", { verdict: "missing", exists: false }),
      table("creators", { kind: "root" }),
      table("documents", { partitions: 4 }),
      table("comments"),
      table("sessions"),
      table("countries", { kind: "global", verdict: "shared", rowSecurity: false, policies: 0 }),
    ],
    references: [
      ...["invoices", "documents", "sessions", "drafts"].map((from) => ({
        ...{
          from: n(from),
          to: n("creators"),
          constraint: n("fk"),
          columns: [n("creator_id")],
          keepsTenant: true,
        },
      })),
      ...["documents", "comments"].map((to) => ({
        ...{ from: n("comments"), to: n(to), constraint: n("fk"), columns: [n("id")], keepsTenant: true },
      })),
      {
        from: n("invoices"),
        to: n("documents"),
        constraint: n("fk2"),
        columns: [n("id")],
        keepsTenant: false,
      },
      {
        from: n("invoices"),
        to: n("countries"),
        constraint: n("fk3"),
        columns: [n("id")],
        keepsTenant: true,
      },
    ],
    attacks: {
      ...{ read: true, on: "shadow", server: n("18.4"), milliseconds: 4321 },
      matrix: { [n("invoices")]: row(0), [n("documents")]: row(1), [n("creators")]: held },
      probes: PROBES.map((id) => ({ id, title: n("reads rows of another tenant") })),
      notProbed: [{ subject: n("drafts"), reason: n("the database does not have it"), fix: n("migrate") }],
    },
    drift: { read: true, comparedWith: "schema" },
    rows: { read: true },
    migrations: {
      ...{
        read: true,
        applied: 3,
        pending: [n("next")],
        late: [n("late")],
        partial: [],
        edited: [n("edited")],
      },
      ...{
        missing: [n("gone")],
        ambiguous: [n("some")],
        duplicates: [n("twice")],
        heads: [n("one"), n("other")],
      },
    },
    timeline: {
      ...{ read: true, hasLog: true, older: 7 },
      runs: [
        {
          run: {
            ...run,
            ...{ id: "3", outcome: "failed", errorCode: n("lock-timeout"), error: n("gave up") },
          },
          migrations: [{ ...migration, outcome: "failed", mode: "transaction" }],
        },
        { run: { ...run, id: "2", outcome: "running", finishedAt: null }, migrations: [] },
        {
          run: { ...run, id: "1", accepted: [{ migration: n("first"), reason: n("a typo") }] },
          migrations: [
            migration,
            { ...migration, name: n("20260102000000_second"), milliseconds: 40, lockWaitMs: 0 },
          ],
        },
      ],
      others: [
        { name: n("old"), hash: n("0123456789abcdef"), appliedAt: new Date("2025-01-01T00:00:00Z") },
        { name: "", hash: n("fedcba9876543210"), appliedAt: null },
      ],
    },
    findings: [
      {
        ...{
          rule: "rls-not-forced",
          level: "error",
          subject: n("invoices"),
          detail: n("row security is not forced"),
        },
        ...{ fix: n('Run "tenantry verify --repair".'), foundBy: ["catalog", "rehearsal"] },
      },
      {
        ...{
          rule: "probe-read",
          level: "error",
          subject: n("invoices"),
          detail: n("reads rows of another tenant"),
        },
        ...{ fix: n("alter table …;\nalter table …;"), foundBy: ["attacks"] },
      },
      {
        ...{ rule: "verify-sql", level: "warning", subject: n("first"), detail: n("it no longer runs") },
        ...{ fix: n("Delete it."), foundBy: ["rows"], file: n("drizzle/first/verify.sql"), line: 3 },
      },
      {
        ...{
          rule: "drift",
          level: "error",
          subject: n("documents"),
          detail: n("grant on documents: missing"),
        },
        ...{ fix: n("grant select on documents to app_tenant;"), foundBy: ["comparison"] },
      },
    ],
    exceptions: [
      {
        kind: "global table",
        table: n("countries"),
        subject: n("countries"),
        rule: undefined,
        reason: n("the same for all"),
      },
      {
        ...{ kind: "key for all tenants", table: n("creators"), subject: n("creators_email_key") },
        ...{ rule: "key-not-tenant-leading", reason: n("an address names one creator") },
      },
      {
        kind: "wider policy",
        table: n("documents"),
        subject: n("public_read"),
        rule: "policy-widens",
        reason: n("published"),
      },
      { kind: "door", table: n("creators"), subject: n("find_creator"), rule: undefined, reason: n("login") },
    ],
    roles: [
      {
        name: n("migrator"),
        is: ["owner of tables", "made this report"],
        login: true,
        crosses: "yes",
        why: [n("BYPASSRLS")],
      },
      { name: n("app_door"), is: ["door role"], login: false, crosses: "through doors", why: [n("doors")] },
      { name: n("shop"), is: ["service login"], login: true, crosses: "no", why: [n("bound")] },
    ],
    otherRoles: 4,
    doors: [
      {
        ...{
          name: n("find_creator"),
          table: n("creators"),
          by: [n("email")],
          returns: [n("id"), n("status")],
        },
        ...{ to: n("app_tenant"), reason: n("login"), exists: true },
      },
      {
        ...{ name: n("is_revoked"), table: n("sessions"), by: [n("id"), n("hash")], returns: [] },
        ...{ to: n("app_tenant"), reason: n("tokens"), exists: false },
      },
    ],
    warnings: [n("the shadow is of another version")],
  };
  return { ...whole, verdict: judgeReport(whole, true) };
}

/** The same with every part unread that may be. */
export function makeUnreadReport(n: Naming = (text) => text): Report {
  const none = { read: false, reason: n("permission denied for schema tenantry (42501)") } as const;
  const parts = {
    attacks: none,
    drift: none,
    rows: none,
    migrations: none,
    timeline: none,
    git: none,
    mark: none,
  };
  const whole = {
    ...makeReport(n),
    ...parts,
    findings: [],
    references: [],
    exceptions: [],
    doors: [],
    warnings: [],
  };
  return { ...whole, verdict: judgeReport(whole, true) };
}

/** A clean report of many tables, each with all attacks. */
export function makeLargeReport(size: number): Report {
  const small = makeReport();
  if (!small.attacks.read) throw new Error("the fixture has attacks");
  const names = Array.from({ length: size }, (_, index) => `table_number_${index}_of_a_large_schema`);
  const [, , , root, like] = small.tables;
  if (root === undefined || like === undefined) throw new Error("the fixture has tables");
  const probes = Array.from({ length: 26 }, (_, index) => ({ id: `probe-${index}`, title: "reads rows" }));
  const held = Object.fromEntries(probes.map(({ id }) => [id, "held" as const]));
  const whole: Omit<Report, "verdict"> = {
    ...small,
    tables: [root, ...names.map((table) => ({ ...like, table }))],
    references: names.map((from, index) => ({
      ...{ from, to: index % 50 === 1 ? (names[index - 1] ?? "") : "creators", constraint: `${from}_fk` },
      ...{ columns: ["creator_id"], keepsTenant: true },
    })),
    attacks: {
      ...small.attacks,
      probes,
      matrix: Object.fromEntries(names.map((each) => [each, held])),
      notProbed: [],
    },
    findings: [],
  };
  return { ...whole, verdict: judgeReport(whole, true) };
}
