import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { withDatabase } from "../../src/postgres/connect.js";
import type { ShadowTemplate } from "../../src/postgres/shadow-template.js";
import { templatePrefix, withShadowTemplate } from "../../src/postgres/shadow-template.js";
import { serverUrl } from "../support/databases.js";

const server = new URL(serverUrl);
const family = `test ${randomBytes(6).toString("hex")}`;

/** Those of this file alone: others make theirs meanwhile. */
async function templates(): Promise<string[]> {
  const prefixes = [family, `${family} broken`].map(templatePrefix);
  return await withDatabase(server, {}, async (database) => {
    const rows = await database<{ name: string }[]>`
      select datname as name from pg_database where exists (select from unnest(${prefixes}::text[]) prefix where starts_with(datname, prefix))`;
    return rows.map(({ name }) => name);
  });
}

function template(content: string, onBuild: () => void = () => {}): ShadowTemplate {
  return {
    server,
    connect: {},
    family,
    content: [content],
    build: async ({ database }) => {
      onBuild();
      await database.unsafe(`create table built as select '${content}' as content`);
    },
  };
}

const read = async (of: ShadowTemplate) =>
  await withShadowTemplate(of, async ({ database }) => await database`select content from built`);

let made: readonly string[] = [];

afterAll(async () => {
  await withDatabase(server, {}, async (database) => {
    for (const name of made) await database.unsafe(`drop database if exists "${name}"`);
  });
});

describe("withShadowTemplate", () => {
  it("builds once, whoever asks at the same time, and replaces what is stale", async () => {
    let builds = 0;
    const one = template("one", () => {
      builds += 1;
    });
    const copies = await Promise.all([read(one), read(one), read(one)]);
    expect(copies).toEqual([1, 2, 3].map(() => [{ content: "one" }]));
    expect(builds).toBe(1);
    const [first = ""] = await templates();
    // As a killed build leaves it.
    await withDatabase(server, {}, (database) => database.unsafe(`create database "${first}_0badcafe"`));
    expect(await read(template("two"))).toEqual([{ content: "two" }]);
    const left = await templates();
    expect(left).toHaveLength(1);
    expect(left).not.toContain(first);
    made = left;
  });

  it("keeps nothing of a build that failed, and no copy of any", async () => {
    const before = await templates();
    const broken: ShadowTemplate = {
      ...template("broken"),
      family: `${family} broken`,
      build: async ({ database }) => void (await database`select 1 / 0`),
    };
    await expect(read(broken)).rejects.toMatchObject({ code: "22012" });
    expect(await templates()).toEqual(before);
  });
});
