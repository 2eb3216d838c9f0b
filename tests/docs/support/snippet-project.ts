import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Block } from "./markdown.js";
import { repository } from "./markdown.js";

/** A project that holds the snippets of a page, as a reader would have it. */
export type SnippetProject = {
  readonly directory: string;
  /** The files that the snippets have become, relative to the directory. */
  readonly files: readonly string[];
  /** What the compiler has to say; empty if it is content. */
  readonly typeCheck: () => string;
  /** The exports of one of its files. */
  readonly load: (file: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly remove: () => void;
};

/** The entry points of the package, from the sources and not from `dist`: a stale build must not decide. */
const ENTRIES = {
  ".": "./src/index.ts",
  "./schema": "./schema/index.ts",
  "./schema/generated/*": "./schema/generated/*.ts",
  "./client": "./src/client/index.ts",
  "./redis": "./src/redis/index.ts",
  "./migrate": "./src/migrate/index.ts",
  "./testing": "./src/testing/index.ts",
};

/** A snippet's first line names its file: `// schema/documents.ts`. Those without a name are numbered. */
function fileOf(block: Block): string {
  return /^\/\/ (\S+\.ts)$/.exec(block.text.split("\n")[0] ?? "")?.[1] ?? `snippet-${block.line}.ts`;
}

/**
 * Writes snippets into a project of their own, in the system's temporary folder.
 *
 * @param folderOf where in it a snippet goes: those of different pages may have the same names.
 */
export function createSnippetProject(
  blocks: readonly Block[],
  folderOf: (block: Block) => string = () => "",
): SnippetProject {
  const directory = mkdtempSync(join(tmpdir(), "tenantry-docs-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write("package.json", JSON.stringify({ private: true, type: "module" }));
  write("tsconfig.json", JSON.stringify(compilerConfig()));
  linkPackages(directory, write);
  const files = blocks.map((block) => join(folderOf(block), fileOf(block)));
  const twin = files.find((file, index) => files.indexOf(file) !== index);
  if (twin !== undefined) throw new Error(`two snippets of one section are named ${twin}`);
  for (const [index, block] of blocks.entries()) write(files[index] ?? "", `${block.text}\n`);
  return {
    directory,
    files,
    typeCheck: () => {
      const compiler = join(repository, "node_modules/.bin/tsc");
      const { stdout, stderr, error } = spawnSync(compiler, ["-p", directory], { encoding: "utf8" });
      if (error !== undefined) throw error;
      return `${stdout}${stderr}`.trim();
    },
    load: (file) => import(pathToFileURL(join(directory, file)).href),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function compilerConfig() {
  const entries = Object.entries(ENTRIES).map(([entry, file]) => [
    `tenantry${entry.slice(1)}`,
    [join(repository, file)],
  ]);
  return {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      noEmit: true,
      // What is shown to be read may declare what it does not use.
      noUnusedLocals: false,
      rootDir: "/",
      typeRoots: [join(repository, "node_modules/@types")],
      paths: Object.fromEntries(entries),
    },
    include: ["**/*.ts"],
    exclude: ["node_modules"],
  };
}

/** Everything that is installed here, and the package itself under its own name. */
function linkPackages(directory: string, write: (path: string, text: string) => void): void {
  const installed = join(repository, "node_modules");
  mkdirSync(join(directory, "node_modules"));
  for (const name of readdirSync(installed).filter((each) => !each.startsWith(".") && each !== "tenantry"))
    symlinkSync(join(installed, name), join(directory, "node_modules", name));
  write(
    "node_modules/tenantry/package.json",
    JSON.stringify({ name: "tenantry", version: "0.0.0", type: "module", exports: ENTRIES }),
  );
  for (const folder of ["src", "schema"])
    symlinkSync(join(repository, folder), join(directory, "node_modules/tenantry", folder));
}
