import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diffCatalogs } from "../../src/catalog/diff-catalogs.js";
import { readWholeStructure } from "../../src/catalog/read-whole-structure.js";
import { DEFAULT_LEDGER, readFolder, readLedger } from "../../src/migrate/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import { migrateByDrizzle } from "../support/drizzle-migrate.js";
import { apply } from "./migration-folder.js";

/** Migrations of other people's projects; only on the machines that have them. */
const corpora = fileURLToPath(new URL("../../../shared/corpora", import.meta.url));

type Empty = Awaited<ReturnType<typeof createEmptyDatabase>>;

/** What the two have that the other one has not, but for what the runners keep for themselves. */
async function differences(one: Empty, other: Empty): Promise<string[]> {
  const [here, there] = await Promise.all([one, other].map(({ admin }) => readWholeStructure(admin)));
  if (here === undefined || there === undefined) throw new Error("two were asked for");
  return diffCatalogs(here, there)
    .map(({ key }) => key)
    .filter((key) => !/"tenantry"/.test(key));
}

const ledgerOf = async ({ admin }: Empty) =>
  (await readLedger(admin, DEFAULT_LEDGER)).map(({ hash, createdAt }) => ({ hash, createdAt }));

describe.runIf(existsSync(corpora))("a real folder", () => {
  it("of 186 migrations is applied whole, and leaves what drizzle-orm 0.45 leaves, ledger included", async () => {
    const folder = `${corpora}/dokploy`;
    const [ours, theirs] = [await createEmptyDatabase(), await createEmptyDatabase()];
    expect(await apply(ours, folder)).toEqual((await readFolder(folder)).map(({ name }) => name));
    await migrateByDrizzle("0.45", theirs.adminUrl, folder);
    expect(await differences(ours, theirs)).toEqual([]);
    expect(await ledgerOf(ours)).toEqual(await ledgerOf(theirs));
  });

  it("that was merged with older times loses nothing, where drizzle-orm 0.45 passes migrations over", async () => {
    const [before, after] = [`${corpora}/first-tree-before`, `${corpora}/first-tree-after`];
    const [ours, theirs, whole] = [
      await createEmptyDatabase(),
      await createEmptyDatabase(),
      await createEmptyDatabase(),
    ];
    await apply(ours, before);
    await apply(ours, after);
    await migrateByDrizzle("0.45", theirs.adminUrl, before);
    await migrateByDrizzle("0.45", theirs.adminUrl, after);
    await apply(whole, after);
    expect(await differences(ours, whole)).toEqual([]);
    expect(await ledgerOf(ours)).toHaveLength((await readFolder(after)).length);
    expect((await differences(theirs, whole)).length).toBeGreaterThan(20);
  });
});
