import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import type { Check } from "../../src/cli/doctor/check.js";
import { GROUPS, ok, problem, skipped, warning } from "../../src/cli/doctor/check.js";
import { judgeClock } from "../../src/cli/doctor/checks/clock.js";
import { judgeEncoding } from "../../src/cli/doctor/checks/connection.js";
import { judgeDisk } from "../../src/cli/doctor/checks/disk.js";
import { judgeRedis } from "../../src/cli/doctor/checks/redis.js";
import type { RoleFacts } from "../../src/cli/doctor/checks/role.js";
import { judgeRole } from "../../src/cli/doctor/checks/role.js";
import { CHECKS } from "../../src/cli/doctor/checks.js";
import type { Examination } from "../../src/cli/doctor/examination.js";
import { formatDiagnoses } from "../../src/cli/doctor/format-diagnoses.js";
import { runChecks } from "../../src/cli/doctor/run-checks.js";
import { createPaint } from "../../src/cli/paint.js";
import { TenantryError } from "../../src/core/errors.js";

const MIB = 1024 ** 2;

/** An examination of which the checks below need the signal alone. */
function examination(signal = new AbortController().signal): Examination {
  return { context: { signal } } as unknown as Examination;
}

function check(id: string, run: Check["run"], needs: readonly string[] = []): Check {
  return { id, group: "The project", run, needs };
}

describe("the checks", () => {
  it("have names of their own, and each is behind those that it needs", () => {
    const names = CHECKS.map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, { needs = [] }] of CHECKS.entries())
      for (const need of needs) expect(names.slice(0, index)).toContain(need);
    expect(new Set(CHECKS.map(({ group }) => group))).toEqual(new Set(GROUPS));
  });

  it("are skipped where one that they need has a problem or was skipped, and done where it warns", async () => {
    const states = await runChecks(
      [
        check("warns", async () => warning("so so", "do it")),
        check("fails", async () => problem("bad", "do it")),
        check("behind-warning", async () => ok("fine"), ["warns"]),
        check("behind-problem", async () => ok("never"), ["warns", "fails"]),
        check("behind-skipped", async () => ok("never"), ["behind-problem"]),
        check("reasonless", async () => skipped("nothing there")),
      ],
      examination(),
    );
    expect(states.map(({ id, state, detail }) => [id, state, detail])).toEqual([
      ["warns", "warning", "so so"],
      ["fails", "problem", "bad"],
      ["behind-warning", "ok", "fine"],
      ["behind-problem", "skipped", "it needs fails, which has a problem"],
      ["behind-skipped", "skipped", "it needs behind-problem, which was skipped"],
      ["reasonless", "skipped", "nothing there"],
    ]);
  });

  it("are problems where they throw, each for itself, with the error's own hint", async () => {
    const error = new TenantryError({
      code: "disk",
      message: "It is full.",
      details: ["/tmp"],
      hint: "Make room.",
    });
    const [refused, broken, fine] = await runChecks(
      [
        check("refused", async () => {
          throw error;
        }),
        check("broken", async () => {
          throw Object.assign(new Error("oops"), { code: "EIO" });
        }),
        check("fine", async () => ok("fine")),
      ],
      examination(),
    );
    expect(refused).toMatchObject({ state: "problem", detail: "It is full (/tmp)", fix: "Make room." });
    expect(broken).toMatchObject({ state: "problem", detail: "the check itself failed: oops (EIO)" });
    expect(fine?.state).toBe("ok");
  });

  it("are given up when they do not end", async () => {
    const [hung] = await runChecks([check("hangs", () => new Promise(() => {}))], examination(), 0.01);
    expect(hung).toMatchObject({ state: "problem", detail: "the check itself failed: no answer in 0.01 s" });
  });

  it("end with the interruption when somebody interrupts them", async () => {
    const controller = new AbortController();
    const checks = [
      check("first", async () => {
        controller.abort();
        return ok("fine");
      }),
      check("second", async () => ok("never"), ["first"]),
    ];
    await expect(runChecks(checks, examination(controller.signal))).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});

describe("what the doctor prints", () => {
  const long = "a connection that was closed by somebody between here and the server, nobody knows who";
  const diagnoses = [
    { id: "node", group: "This machine", ...ok("Node.js 20") },
    { id: "embedded-programs", group: "This machine", ...problem(long, long) },
    { id: "redis", group: "Services", ...skipped("REDIS_URL ist nicht gesetzt – 未設定") },
  ] as const;

  it("fits into 80 columns, with the fix below what it mends, and groups without checks left out", () => {
    const text = formatDiagnoses(diagnoses, createPaint(false));
    for (const line of text.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^This machine\n {2}ok {7}node {16}Node\.js 20\n/);
    expect(text).toMatch(/\n {31}fix: a connection/);
    expect(text).not.toContain("The project");
    expect(text).toMatch(/\n\n1 problem, 0 warnings, 1 ok, 1 skipped\.$/);
  });

  it("looks the same with colours, but for the colours", () => {
    const coloured = formatDiagnoses(diagnoses, createPaint(true));
    expect(coloured).toContain("\u001b[31mproblem\u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is.
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(formatDiagnoses(diagnoses, createPaint(false)));
  });
});

describe("the doctor's judgement", () => {
  it.each([
    ["the same", 0, 2, "ok"],
    ["far ahead", 90_000, 2, "warning"],
    ["far behind", -90_000, 2, "warning"],
    ["apart by less than the answer took", 7_000, 8_000, "ok"],
  ])("of clocks that are %s", (_, skew, took, state) => {
    const asked = 1_000_000;
    const slow = { asked, answered: asked + 60_000, server: asked + 30_000 };
    const best = { asked, answered: asked + took, server: asked + took / 2 + skew };
    expect(judgeClock([slow, best]).state).toBe(state);
  });

  it("of clocks says by how much and in which direction", () => {
    const { detail } = judgeClock([{ asked: 0, answered: 0, server: -3_600_000 }]);
    expect(detail).toBe("the server's clock is 3,600 s behind this machine's");
  });

  it.each([
    [[50_000, 2_000], [true, true], "ok"],
    [[50_000, 500], [true, true], "warning"],
    [[50, 50_000], [true, true], "problem"],
    [[50_000, 50_000], [false, true], "warning"],
    [[undefined, undefined], [true, true], "ok"],
  ] as const)("of %j MiB free, writable %j", (free, writable, state) => {
    const folders = free.map((mebibytes, index) => ({
      name: `folder ${index}`,
      path: `/${index}`,
      free: mebibytes === undefined ? undefined : mebibytes * MIB,
      isWritable: writable[index] ?? false,
    }));
    expect(judgeDisk(folders).state).toBe(state);
  });

  it.each([
    [{ encoding: "LATIN1" }, "problem"],
    [{ encoding: "SQL_ASCII" }, "problem"],
    [{}, "ok"],
    [{ recorded: "2.31", actual: "2.36" }, "warning"],
    [{ recorded: null, actual: "2.36" }, "ok"],
  ])("of a database whose texts are %j", (facts, state) => {
    const usual = { database: "app", encoding: "UTF8", locale: "C", recorded: "2.36", actual: "2.36" };
    expect(judgeEncoding({ ...usual, ...facts }).state).toBe(state);
  });

  it.each([
    ["7.0.15", "ok"],
    ["6.2.0", "ok"],
    ["6.0.16", "problem"],
    ["8.1.0-rc1", "ok"],
    ["", "warning"],
  ])("of Redis %j", (version, state) => {
    expect(judgeRedis(version).state).toBe(state);
  });

  const owner: RoleFacts = {
    role: "migrator",
    superuser: false,
    bypassesRowSecurity: false,
    createsRoles: false,
    adminRole: "app_admin",
    tenantRole: "app_tenant",
    inAdminRole: true,
    inTenantRole: false,
    missingRoles: [],
    tables: 2,
    foreign: [],
  };
  const foreign = [
    { table: "public.notes", owner: "other" },
    { table: "public.tags", owner: "other" },
  ];

  it.each<[string, Partial<RoleFacts>, boolean, string, RegExp]>([
    ["owns the tables and is an administrator", {}, false, "ok", /member of app_admin, owns/],
    ["is not let through by a policy", { inAdminRole: false }, false, "warning", /row security/],
    ["bypasses row security", { inAdminRole: false, bypassesRowSecurity: true }, false, "ok", /bypasses/],
    ["the floor binds", { inTenantRole: true }, false, "problem", /whose floor binds it/],
    ["owns nothing", { foreign }, false, "problem", /does not own public\.notes, public\.tags/],
    ["is a service's", { foreign, inTenantRole: true }, false, "problem", /service's login/],
    ["is new on a new server", { missingRoles: ["app_door"], tables: 0 }, false, "problem", /lacks app_door/],
    ["may make what is missing", { missingRoles: ["app_door"], createsRoles: true }, false, "ok", /migrator/],
    ["is a superuser in production", { superuser: true }, false, "warning", /superuser/],
    ["is a superuser in development", { superuser: true }, true, "ok", /superuser/],
  ])("of a login that %s", (_, facts, isDevelopment, state, says) => {
    const verdict = judgeRole({ ...owner, ...facts }, isDevelopment);
    expect(verdict.state).toBe(state);
    expect(verdict.detail).toMatch(says);
  });
});
