import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { glob } from "tinyglobby";

const IGNORED = ["**/node_modules/**", "**/.*/**", "**/generated/**", "**/*.d.ts", "**/*.{test,spec}.*"];

/**
 * The files that may declare tables: those that drizzle-kit reads, and, beside an `index` file and in the folders below
 * it, those that mention drizzle-orm, since a table that the index forgets to export would not be migrated. Beside
 * another entry file may lie what belongs to another database.
 *
 * @param schemaFiles absolute.
 */
export async function findSourceFiles(schemaFiles: readonly string[]): Promise<string[]> {
  const folders = new Set(
    schemaFiles.filter((file) => /^index\.[cm]?[jt]s$/.test(basename(file))).map((file) => dirname(file)),
  );
  const found = await Promise.all(
    [...folders].map((cwd) => glob("**/*.{ts,mts,cts}", { cwd, absolute: true, ignore: IGNORED })),
  );
  const neighbours = [...new Set(found.flat())].filter((file) => !schemaFiles.includes(file)).sort();
  const texts = await Promise.all(neighbours.map((file) => readFile(file, "utf8")));
  return [...schemaFiles, ...neighbours.filter((_, index) => texts[index]?.includes("drizzle-orm") === true)];
}
