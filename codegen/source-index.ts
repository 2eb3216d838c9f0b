import { relative, sep } from "node:path";
import type { ts } from "ts-morph";
import { createModuleResolver, isRelative } from "./module-resolver.js";
import { readSources } from "./read-sources.js";
import type { Place } from "./schema-model.js";
import type { ExportTarget, SourceFile } from "./source-file.js";

/** An expression, and the file in which its names mean something. */
export type Located = { readonly file: SourceFile; readonly node: ts.Expression };

/** A name that comes from a package, such as `pgTable` of `drizzle-orm/pg-core`; `*` is the whole package. */
export type PackageName = { readonly package: string; readonly name: string };

/** The parsed files of a project, and what the names in them stand for. */
export type SourceIndex = {
  readonly files: readonly SourceFile[];
  /** What a name means in a file: the expression that it was declared as, or a name of a package. */
  readonly resolveName: (file: SourceFile, name: string) => Located | PackageName | undefined;
  /** What a file exports under a name. */
  readonly resolveExport: (path: string, name: string) => Located | undefined;
  readonly placeOf: (file: SourceFile, node: ts.Node) => Place;
  /** The line comments directly above a place. */
  readonly commentsAbove: (place: Place | undefined) => string;
};

/** An export, and the file that has it, which may be another than the one that was asked. */
type FoundExport = { readonly file: SourceFile; readonly target: ExportTarget };

/**
 * Parses files, and the files that they import by a relative path.
 *
 * @param directory the project's directory: places are relative to it.
 * @param paths absolute.
 */
export function indexSources(directory: string, paths: readonly string[]): SourceIndex {
  const followModule = createModuleResolver();
  const files = readSources(paths, followModule);
  const exportTables = new Map<string, Map<string, FoundExport>>();
  const names = new Map<SourceFile, string>();
  const byName = new Map<string, SourceFile>();
  for (const file of files.values()) {
    const name = relative(directory, file.path).split(sep).join("/");
    names.set(file, name);
    byName.set(name, file);
  }

  /** A file's own exports, and what it exports again by `export *`; files may do so in a circle. */
  const exportsOf = (path: string): ReadonlyMap<string, FoundExport> => {
    const known = exportTables.get(path);
    if (known !== undefined) return known;
    const found = new Map<string, FoundExport>();
    exportTables.set(path, found);
    const file = files.get(path);
    if (file === undefined) return found;
    for (const [name, target] of file.exports) found.set(name, { file, target });
    for (const module of file.stars) {
      const next = followModule(path, module);
      for (const [name, each] of next === undefined ? [] : exportsOf(next)) {
        if (name !== "default" && !found.has(name)) found.set(name, each);
      }
    }
    return found;
  };

  const resolveExport = (path: string, name: string, depth = 0): Located | undefined => {
    const found = exportsOf(path).get(name);
    if (found === undefined || depth > MAX_DEPTH) return undefined;
    const { file, target } = found;
    if (target.kind === "expression") return { file, node: target.node };
    if (target.kind === "local") {
      const meant = resolveName(file, target.name, depth + 1);
      return meant !== undefined && "node" in meant ? meant : undefined;
    }
    const next = followModule(file.path, target.module);
    return next === undefined ? undefined : resolveExport(next, target.name, depth + 1);
  };

  const resolveName = (file: SourceFile, name: string, depth = 0): Located | PackageName | undefined => {
    const variable = file.variables.get(name);
    if (variable !== undefined) return { file, node: variable };
    const imported = file.imports.get(name);
    if (imported === undefined) return undefined;
    if (!isRelative(imported.module)) return { package: imported.module, name: imported.name };
    const next = followModule(file.path, imported.module);
    return next === undefined ? undefined : resolveExport(next, imported.name, depth + 1);
  };

  return {
    files: [...files.values()],
    resolveName: (file, name) => resolveName(file, name),
    resolveExport: (path, name) => resolveExport(path, name),
    placeOf: (file, node) => {
      const { line, character } = file.source.getLineAndCharacterOfPosition(node.getStart(file.source));
      return { file: names.get(file) ?? file.path, line: line + 1, column: character + 1 };
    },
    commentsAbove: (place) => {
      const file = byName.get(place?.file ?? "");
      const lines = file?.lines().slice(0, (place?.line ?? 1) - 1) ?? [];
      const last = lines.findLastIndex((line) => !line.trim().startsWith("//"));
      return lines.slice(last + 1).join("\n");
    },
  };
}

/** Names may stand for one another in a circle. */
const MAX_DEPTH = 50;
