import { readFileSync } from "node:fs";
import type { ModuleResolver } from "./module-resolver.js";
import type { SourceFile } from "./source-file.js";
import { parseSourceFile } from "./source-file.js";

/** Parses files, and whatever they import by a relative path; by their paths. */
export function readSources(paths: readonly string[], followModule: ModuleResolver): Map<string, SourceFile> {
  const files = new Map<string, SourceFile>();
  const waiting = [...paths].reverse();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    const file = parseSourceFile(path, readFileSync(path, "utf8"));
    files.set(path, file);
    for (const module of modulesOf(file)) {
      const next = followModule(path, module);
      if (next !== undefined) waiting.push(next);
    }
  }
  return files;
}

function modulesOf(file: SourceFile): Set<string> {
  const named = [...file.exports.values()].flatMap((target) =>
    target.kind === "from" ? [target.module] : [],
  );
  return new Set([...file.stars, ...named, ...[...file.imports.values()].map(({ module }) => module)]);
}
