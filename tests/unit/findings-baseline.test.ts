import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applyBaseline, readBaseline, writeBaseline } from "../../src/core/baseline.js";
import type { Finding } from "../../src/core/finding.js";
import { sortFindings } from "../../src/core/finding-order.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenantry-baseline-"));
});
afterAll(() => rm(folder, { recursive: true }));

const finding = (subject: string, line: number): Finding => ({
  rule: "rls-not-enabled",
  level: "error",
  subject,
  file: "a.sql",
  line,
  column: 1,
  detail: "it is off",
  fix: "switch it on",
});

it("accepts what it has been written from, wherever the lines move", async () => {
  const path = join(folder, "moved.json");
  await writeBaseline(path, [finding("a", 1), finding("b", 2)]);
  const entries = (await readBaseline(path)) ?? [];
  expect(applyBaseline([finding("a", 10), finding("b", 20)], entries)).toEqual({
    findings: [],
    accepted: 2,
    gone: [],
  });
});

it("keeps what is new, one more of the same kind included, and tells what is gone", async () => {
  const path = join(folder, "counted.json");
  await writeBaseline(path, [finding("a", 1), finding("b", 2)]);
  const { findings, gone } = applyBaseline(
    [finding("a", 1), finding("a", 9), finding("c", 3)],
    (await readBaseline(path)) ?? [],
  );
  expect(findings.map(({ subject, line }) => `${subject}:${line}`)).toEqual(["a:9", "c:3"]);
  expect(gone.map(({ subject }) => subject)).toEqual(["b"]);
});

it("never accepts that a rule failed", async () => {
  const path = join(folder, "failed.json");
  const failed = { ...finding("a", 1), rule: "rule-failed" };
  await writeBaseline(path, [failed]);
  expect(applyBaseline([failed], (await readBaseline(path)) ?? []).findings).toEqual([failed]);
});

it("has lines that git can merge, the same each time", async () => {
  const [one, other] = [join(folder, "one.json"), join(folder, "other.json")];
  await writeBaseline(one, [finding("a", 1), finding("b", 2)]);
  await writeBaseline(other, [finding("b", 5), finding("a", 7)]);
  expect(await readFile(one, "utf8")).toBe(await readFile(other, "utf8"));
});

it("is refused if it is something else", async () => {
  const path = join(folder, "other-thing.json");
  await writeFile(path, "{ not json");
  await expect(readBaseline(path)).rejects.toMatchObject({ code: "argument-invalid" });
  expect(await readBaseline(join(folder, "absent.json"))).toBeUndefined();
});

it("findings are told in the order of their places, each once", () => {
  const mixed = [finding("b", 10), { ...finding("a", 1), file: "b.sql" }, finding("a", 9), finding("b", 10)];
  expect(sortFindings(mixed).map(({ file, line }) => `${file}:${line}`)).toEqual([
    "a.sql:9",
    "a.sql:10",
    "b.sql:1",
  ]);
});
