import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openResultCache } from "../../src/cli/cache/result-cache.js";

const made: string[] = [];
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));

let directory: string;
let folder: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tenantry-cache-"));
  made.push(directory);
  folder = join(directory, "node_modules/.cache/tenantry");
  await mkdir(join(directory, "node_modules"));
});

const schema = z.object({ n: z.int() });

describe("the results of earlier runs", () => {
  it("are found again, by a project in a folder below, and belong to nobody else", async () => {
    await (await openResultCache(directory)).write("sql-1", { n: 1 });
    await mkdir(join(directory, "packages/api"), { recursive: true });
    expect(await (await openResultCache(join(directory, "packages/api"))).read("sql-1", schema)).toEqual({
      n: 1,
    });
    expect((await stat(join(folder, "sql-1.json"))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["is cut short", (text: string) => text.slice(0, -1)],
    ["was changed", (text: string) => text.replace('"n":1', '"n":2')],
    ["is empty", () => ""],
    ["is no JSON", () => "\n{"],
    ["holds nothing but its seal", (text: string) => text.split("\n")[0] ?? ""],
  ])("do not count where a file %s", async (_, damage) => {
    const cache = await openResultCache(directory);
    await cache.write("sql-1", { n: 1 });
    const file = join(folder, "sql-1.json");
    await writeFile(file, damage(await readFile(file, "utf8")));
    expect(await cache.read("sql-1", schema)).toBeUndefined();
    await cache.write("sql-1", { n: 3 });
    expect(await cache.read("sql-1", schema)).toEqual({ n: 3 });
  });

  it("do not count under another's name, or in a form of another time", async () => {
    const cache = await openResultCache(directory);
    await cache.write("sql-1", { n: 1 });
    expect(await cache.read("sql-1", z.object({ m: z.int() }))).toBeUndefined();
    await rename(join(folder, "sql-1.json"), join(folder, "sql-2.json"));
    expect(await cache.read("sql-2", schema)).toBeUndefined();
  });

  it("are whole, however many write them at once, and leave no drafts", async () => {
    const caches = await Promise.all(Array.from({ length: 8 }, () => openResultCache(directory)));
    await Promise.all(caches.map((cache) => cache.write("sql-1", { n: 1 })));
    expect(await caches[0]?.read("sql-1", schema)).toEqual({ n: 1 });
    expect(await readdir(folder)).toEqual(["sql-1.json"]);
  });

  it("are forgotten when there are many, those of another kind not", async () => {
    const cache = await openResultCache(directory);
    await cache.write("compare-1", { n: 0 });
    for (let n = 0; n < 70; n += 1) await cache.write(`sql-${n}`, { n });
    const names = await readdir(folder);
    expect(names).toHaveLength(65);
    expect(names).toContain("compare-1.json");
    expect(names).toContain("sql-69.json");
  });

  it("are done without where there is nowhere to keep them", async () => {
    await writeFile(join(directory, "node_modules/.cache"), "a file");
    const cache = await openResultCache(directory);
    await cache.write("sql-1", { n: 1 });
    expect(await cache.read("sql-1", schema)).toBeUndefined();
    await rm(join(directory, "node_modules"), { recursive: true });
    await chmod(directory, 0o755);
    const none = await openResultCache(directory);
    await none.write("sql-1", { n: 1 });
    expect(await none.read("sql-1", schema)).toBeUndefined();
  });
});
