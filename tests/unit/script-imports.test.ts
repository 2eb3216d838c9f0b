import fc from "fast-check";
import { expect, it } from "vitest";
import { readScriptImports } from "../../src/cli/project/script-imports.js";

it("finds every import, and every variable that is named", () => {
  const text = `
    import type { A } from "./a.js";
    import { b } from './b.js';
    import "./c.js";
    export * from "../d.js";
    import e, {
      f,
    } from "drizzle-orm/pg-core";
    export const url = process.env.DATABASE_URL ?? process.env["SHADOW_URL"] ?? process . env . OTHER;`;
  expect(readScriptImports(text)).toEqual({
    specifiers: ["./a.js", "./b.js", "./c.js", "../d.js", "drizzle-orm/pg-core"],
    variables: ["DATABASE_URL", "SHADOW_URL", "OTHER"],
  });
});

it.each([
  ["a variable whose name is worked out", "export const a = process.env[name];"],
  ["all variables at once", "const { URL } = process.env;"],
  ["a module that is named while it runs", "const a = await import(name);"],
  ["the place of the file", "const a = import.meta.url;"],
  ["a module of the other kind", 'const fs = require("fs");'],
  ["an import by assignment", 'import fs = require("fs");'],
  ["the clock", "const year = new Date().getFullYear();"],
  ["chance", "const a = Math.random();"],
  ["chance, spelt apart", "const a = Math . random ();"],
  ["code made of text", "const a = eval(text);"],
  ["code made of text, by the back door", 'const a = [].filter.constructor("return 1")();'],
  ["everything at once", "const a = globalThis[name];"],
  ["a name that is written in escapes", "const a = pr\\u006fcess.env.A;"],
  ["an import that is named by a template", "import a from `./a.js`;"],
  ["an import behind a comment", 'import { a } from /* x */ "./a.js";'],
  ["an import behind a comment at the end of a line", 'export * from // x\n"./a.js";'],
  ["an import before a comment", 'import/* x */"./a.js";'],
  ["a name that is written in escapes of another kind", 'export * from "./\\x61.js";'],
])("cannot tell what a script depends on that asks for %s", (_, text) => {
  expect(readScriptImports(text)).toBeUndefined();
});

it("loses no import among others, whatever stands around them", () => {
  const specifier = fc.stringMatching(/^\.\/[a-z][a-z-]{0,8}\.js$/);
  const line = fc.oneof(
    specifier.map((path) => ({ text: `import { a } from "${path}";`, path })),
    specifier.map((path) => ({ text: `import '${path}'`, path })),
    specifier.map((path) => ({ text: `export * from "${path}";`, path })),
    fc.constant({ text: "export const n = { a: [1, 2], b: () => 3 };", path: undefined }),
    fc.constant({ text: "/* of rows; and more */ export type T = 'x' | \"y\";", path: undefined }),
  );
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), (lines, newline) => {
      const found = readScriptImports(lines.map(({ text }) => text).join(newline));
      const paths = lines.flatMap(({ path }) => path ?? []);
      // Undefined is always safe; an import that is missing never is.
      if (found !== undefined) expect(new Set(found.specifiers)).toEqual(new Set(paths));
    }),
  );
});
