import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";

/** Results of earlier runs, by what they were made from. */
export type ResultCache = {
  /** A result, or undefined if there is none, or if it is damaged in any way. */
  readonly read: <Value>(name: string, schema: z.ZodType<Value>) => Promise<Value | undefined>;
  /** Keeps a result. Where nothing can be written, the next run works it out again. */
  readonly write: (name: string, value: unknown) => Promise<void>;
};

/** As many results as are kept of each kind; the oldest go first. */
const KEPT = 64;

/**
 * The results that are kept with a project, in `node_modules/.cache/tenantry`: whoever may write there may as well change
 * the rules. A name is `<kind>-<digest of everything that the result depends on>`, so that nothing has ever to be
 * declared out of date. Two processes may write at once: a file is complete before it has its name.
 */
export async function openResultCache(directory: string): Promise<ResultCache> {
  const modules = await findModules(directory);
  if (modules === undefined) return { read: async () => undefined, write: async () => {} };
  const folder = join(modules, ".cache", "tenantry");
  return {
    read: async (name, schema) => {
      try {
        const text = await readFile(join(folder, `${name}.json`), "utf8");
        const end = text.indexOf("\n");
        const json = text.slice(end + 1);
        if (text.slice(0, end) !== seal(name, json)) return undefined;
        return schema.safeParse(JSON.parse(json)).data;
      } catch {
        return undefined;
      }
    },
    write: async (name, value) => {
      const json = JSON.stringify(value);
      const draft = join(folder, `.${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(draft, `${seal(name, json)}\n${json}`, { mode: 0o600, flag: "wx" });
        await rename(draft, join(folder, `${name}.json`));
        await prune(folder, name.replace(/-[0-9a-f]+$/, ""));
      } catch {
        await rm(draft, { force: true }).catch(() => {});
      }
    },
  };
}

/** A file that was cut short, or that has another's name, does not carry this. */
function seal(name: string, json: string): string {
  return createHash("sha256").update(`${name}\n${json}`).digest("hex");
}

async function findModules(directory: string): Promise<string | undefined> {
  const modules = join(directory, "node_modules");
  const found = await stat(modules).catch(() => undefined);
  if (found?.isDirectory() === true) return modules;
  const above = dirname(directory);
  return above === directory ? undefined : await findModules(above);
}

async function prune(folder: string, kind: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}-`));
  if (names.length <= KEPT) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  );
  const old = aged.sort((one, other) => one.time - other.time).slice(0, names.length - KEPT);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}
