import { relative, sep } from "node:path";

/** A file as people and findings name it: from the project's folder, with forward slashes. */
export function showPath(directory: string, file: string): string {
  return relative(directory, file).split(sep).join("/");
}
