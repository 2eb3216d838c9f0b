/** What the evaluation of a script depends on, by its text. */
export type ScriptImports = {
  /** Every specifier that it imports. */
  readonly specifiers: readonly string[];
  /** The environment variables that it reads. */
  readonly variables: readonly string[];
};

const VARIABLE = /\bprocess\s*\.\s*env\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(["'])([A-Za-z_]\w*)\2\s*\])/g;

/** `import … from "x"`, `export … from "x"` and `import "x"`. */
const SPECIFIER = /\b(?:from|import)\s*(["'])([^"'\n\\]+)\1/g;

/**
 * Words by which a script could reach what is neither text nor a variable named in it: another module, a clock, chance,
 * the file system, the network, or code made of text.
 */
const OPEN =
  /\b(?:process|require|createRequire|eval|Function|globalThis|global|Reflect|Proxy|Math\s*\.\s*random|Date|performance|crypto|fetch|navigator|setTimeout|WebAssembly|constructor|await)\b|\bimport\s*[.(]|\bfrom\s*(?:`|\/[*/]|["'][^"'\n]*\\)|\bimport\s*\/[*/]|\\u/;

/**
 * Reads what a script's evaluation depends on; undefined if its text cannot tell. A word in a comment or in a string
 * counts too: then the script is evaluated once more than need be, and no harm is done.
 *
 * @example
 * readScriptImports('import { a } from "./a.js"; export const url = process.env.DATABASE_URL;')
 * // { specifiers: ["./a.js"], variables: ["DATABASE_URL"] }
 */
export function readScriptImports(text: string): ScriptImports | undefined {
  const variables = [...text.matchAll(VARIABLE)].flatMap(([, plain, , quoted]) => plain ?? quoted ?? []);
  const rest = text.replaceAll(VARIABLE, " ");
  if (OPEN.test(rest)) return undefined;
  const specifiers = [...rest.matchAll(SPECIFIER)].flatMap(([, , specifier]) => specifier ?? []);
  // Whatever begins like an import and is none of the above is a form that is not known here.
  if (
    (rest.match(/\bimport\b/g) ?? []).length >
    (rest.match(/\bimport\b[^;]*?(["'])[^"'\n\\]+\1/g) ?? []).length
  )
    return undefined;
  return { specifiers: [...new Set(specifiers)], variables: [...new Set(variables)] };
}
