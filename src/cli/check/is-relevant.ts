import { basename, dirname, extname, join, relative, sep } from "node:path";

/** True if a staged file may matter at all, by its name alone: nothing has been loaded yet. */
export function mayMatter(path: string): boolean {
  return /\.(?:[mc]?[jt]sx?|sql)$/.test(path) || basename(path) === "snapshot.json";
}

/**
 * The folders that a configuration names, read from its text: to load it takes longer than to look whether a commit is
 * any of our business.
 *
 * @returns absolute paths; undefined if `schema` is not written as plain strings.
 */
export function readFolders(config: string, directory: string): string[] | undefined {
  const schema = /\bschema:\s*(\[[^\]]*\]|"[^"]*"|'[^']*')/.exec(config)?.[1];
  const out = /\bout:\s*(\S[^\n]*)/.exec(config)?.[1];
  const folder = out === undefined ? "drizzle" : /^["']([^"']*)["']/.exec(out)?.[1];
  if (schema === undefined || folder === undefined) return undefined;
  const patterns = [...schema.matchAll(/["']([^"']+)["']/g)].map((match) => match[1] ?? "");
  return patterns.length === 0
    ? undefined
    : [...patterns.map(folderOf), folder].map((path) => join(directory, path));
}

/** The folder in which everything lies that a pattern may name. */
export function folderOf(pattern: string): string {
  const fixed = pattern.split(/[*?{[(!]/)[0] ?? "";
  return extname(fixed) === "" && fixed === pattern ? fixed : dirname(`${fixed}x`);
}

/** True if a path lies in one of the folders. */
export function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const inside = relative(folder, path);
    return inside !== ".." && !inside.startsWith(`..${sep}`);
  });
}
