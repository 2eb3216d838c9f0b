import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Project, ts } from "ts-morph";
import { codeOf, TenantryError } from "../src/core/errors.js";
import { loadWithCodeCache } from "./code-cache.js";

/** TypeScript's own functions, and a parser that does nothing but parse. */
export type Syntax = {
  readonly ts: typeof ts;
  readonly parse: (path: string, text: string) => ts.SourceFile;
};

let loaded: Syntax | undefined;

/**
 * Loads ts-morph, once and only when it is needed: TypeScript is heavy.
 *
 * By `require` and not `import`, which would read all of TypeScript for the names that it exports before it ran it.
 *
 * @throws TenantryError `dependency-missing`.
 */
export function loadSyntax(): Syntax {
  loaded ??= load();
  return loaded;
}

function load(): Syntax {
  const morph = requireMorph();
  const project: Project = new morph.Project({
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    skipLoadingLibFiles: true,
    useInMemoryFileSystem: true,
    compilerOptions: { noLib: true, allowJs: true },
  });
  return {
    ts: morph.ts,
    parse: (path, text) => project.createSourceFile(path, text, { overwrite: true }).compilerNode,
  };
}

function requireMorph(): typeof import("ts-morph") {
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve("ts-morph");
  } catch (thrown) {
    if (codeOf(thrown) !== "MODULE_NOT_FOUND") throw thrown;
    throw new TenantryError({
      code: "dependency-missing",
      message: "ts-morph is not installed; the checks of schema files need it.",
      hint: "Run npm install --save-dev ts-morph.",
    });
  }
  try {
    const folder = join(dirname(entry), "..", "..", ".cache", "tenantry");
    const common = createRequire(entry).resolve("@ts-morph/common");
    for (const path of [join(dirname(common), "typescript.js"), common, entry])
      loadWithCodeCache(path, folder);
  } catch {
    // Another version of ts-morph may be laid out in another way; the plain load below tells if it is broken.
  }
  return require("ts-morph");
}
