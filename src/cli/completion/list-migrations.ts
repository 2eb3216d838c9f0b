import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { JOURNAL } from "../../migrate/folder/read-journal-layout.js";

const journal = z.object({ entries: z.array(z.object({ tag: z.string() })) });

/**
 * The names of the migrations of a project, oldest first, as somebody who types wants them: at once. So the configuration is
 * looked at as text and not loaded, and nothing is judged; what cannot be read has no names.
 *
 * @param configPath `drizzle.config.ts`.
 */
export async function listMigrations(configPath: string): Promise<string[]> {
  const config = await readFile(configPath, "utf8").catch(() => "");
  const out = resolve(dirname(configPath), readOut(config));
  const entries = await readdir(out, { withFileTypes: true }).catch(() => []);
  const known = await readFile(join(out, JOURNAL), "utf8").then(readTags, () => undefined);
  if (known !== undefined) return known;
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

/** `out: "./drizzle"`; drizzle-kit's own default where it is not written like this. */
function readOut(config: string): string {
  return /\bout:\s*(["'`])([^"'`$]+)\1/.exec(config)?.[2] ?? "drizzle";
}

function readTags(text: string): string[] | undefined {
  try {
    return journal.parse(JSON.parse(text)).entries.map(({ tag }) => tag);
  } catch {
    return undefined;
  }
}
