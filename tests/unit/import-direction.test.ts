import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ts } from "ts-morph";
import { describe, expect, it } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * From the ground up. A layer imports itself and those below it; the layers of one level do not import each other.
 * `schema` and `codegen` are folders of their own, beside `src`; all others are folders in it.
 */
const LEVELS: readonly (readonly string[])[] = [
  ["core"],
  ["rls", "postgres", "redis"],
  ["catalog", "client", "schema"],
  ["isolation"],
  ["migrate", "codegen"],
  ["data", "testing"],
  ["cli"],
];

/** What the package's main entry, which every schema file loads, may load. */
const MAIN_ENTRY: readonly string[] = ["core", "rls"];

type Import = { readonly from: string; readonly specifier: string };

/** Why an import is not allowed, or undefined if it is. Paths are relative to the repository. */
function objectionTo({ from, specifier }: Import): string | undefined {
  const isOurs = from.startsWith("src/");
  if (/^tenantry(\/|$)/.test(specifier)) return isOurs ? "src imports its own package by name" : undefined;
  if (!specifier.startsWith(".")) return undefined;
  const to = relative(repository, resolve(repository, dirname(from), specifier));
  const [own, other] = [layerOf(from), layerOf(to)];
  if (own === other) return undefined;
  if (other === undefined) return `${to} is no layer`;
  if (isOurs && other === "schema") return "src imports schema";
  if (own === "schema") return "schema imports the package by its name alone";
  if (own === undefined) return MAIN_ENTRY.includes(other) ? undefined : `the main entry loads ${other}`;
  return levelOf(other) < levelOf(own) ? undefined : `${own} imports ${other}`;
}

/** Undefined for the main entry, and for what is outside of all layers. */
function layerOf(path: string): string | undefined {
  const [top = "", second = ""] = path.split("/");
  const layer = top === "src" ? second : top;
  return LEVELS.flat().includes(layer) ? layer : undefined;
}

function levelOf(layer: string): number {
  return LEVELS.findIndex((level) => level.includes(layer));
}

/** Every import of a text, those of types and the dynamic ones included, and `export … from`. */
function importsOf(from: string, text: string): Import[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => ({ from, specifier: fileName }));
}

function filesIn(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)));
}

const sources = ["src", "schema", "codegen"].flatMap((folder) =>
  readdirSync(repository).includes(folder) ? filesIn(folder) : [],
);
const read = (file: string) => readFileSync(join(repository, file), "utf8");

describe("the layers of the package", () => {
  it("import one way only", () => {
    const objections = sources
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => importsOf(file, read(file)))
      .flatMap((each) => {
        const objection = objectionTo(each);
        return objection === undefined ? [] : [`${each.from}: ${objection} (${each.specifier})`];
      });
    expect(objections).toEqual([]);
  });

  it("have a place in the order, every folder of src among them", () => {
    const folders = sources.filter((file) => file.startsWith("src/")).map((file) => file.split("/")[1] ?? "");
    expect(new Set(folders.filter((name) => name !== "index.ts" && !LEVELS.flat().includes(name)))).toEqual(
      new Set(),
    );
  });

  it.each([
    ["upwards", "src/core/a.ts", 'import { x } from "../postgres/x.js";'],
    ["upwards, of a type", "src/migrate/a.ts", 'import type { X } from "../cli/x.js";'],
    ["upwards, by exporting it again", "src/rls/a.ts", 'export { x } from "../catalog/x.js";'],
    ["upwards, when needed", "src/postgres/a.ts", 'const x = await import("../migrate/x.js");'],
    ["upwards, inside a type", "src/isolation/a.ts", 'type X = import("../migrate/x.js").X;'],
    ["sideways", "src/catalog/a.ts", 'import { x } from "../client/x.js";'],
    ["from the schema", "src/cli/a.ts", 'import { documents } from "../../schema/documents.js";'],
    ["from the tests", "src/cli/commands/a.ts", 'import { x } from "../../../tests/support/x.js";'],
    ["from the package by its own name", "src/cli/a.ts", 'import { x } from "tenantry";'],
    ["into the engine, past its entry", "schema/a.ts", 'import { x } from "../src/core/x.js";'],
    ["of what is heavy into the main entry", "src/index.ts", 'export { x } from "./postgres/x.js";'],
  ])("may not import %s", (_, from, text) => {
    expect(importsOf(from, text).map(objectionTo)).toEqual([expect.any(String)]);
  });

  it.each([
    ["downwards", "src/cli/commands/a.ts", 'import { x } from "../../core/x.js";'],
    ["themselves", "src/cli/commands/a.ts", 'import { x } from "../x.js";'],
    ["what is installed", "src/core/a.ts", 'import { z } from "zod";'],
    ["what a comment shows", "src/core/a.ts", '/** import { x } from "../cli/x.js"; */'],
    ["the code generator, from the command line", "src/cli/a.ts", 'await import("../../codegen/x.js");'],
  ])("may import %s", (_, from, text) => {
    expect(importsOf(from, text).map(objectionTo).filter(Boolean)).toEqual([]);
  });
});

describe("the files of the package", () => {
  it("have at most 400 lines", () => {
    const long = sources.filter((file) => file.startsWith("src/") && read(file).split("\n").length > 401);
    expect(long).toEqual([]);
  });

  it("have names in kebab-case", () => {
    const odd = sources.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?$/.test(basename(file)));
    expect(odd).toEqual([]);
  });
});
