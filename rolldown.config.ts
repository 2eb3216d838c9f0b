import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";

/**
 * What the command loads from its own files: Node.js takes longer to find and link the hundred small modules of a library
 * than to run them. What the project brings, or a service shares, stays outside.
 */
const BUNDLED = ["commander", "zod"];

/** Of the library that a module is from, or undefined for one of ours. */
const libraryOf = (module: string) => BUNDLED.find((name) => module.includes(`/node_modules/${name}/`));

export default defineConfig({
  input: "src/cli/bin.ts",
  platform: "node",
  // Names of modules are written into the output: they must be the same wherever node_modules really is.
  resolve: { symlinks: false },
  external: (id) => /^[^./]/.test(id) && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`)),
  output: {
    dir: "dist/src/cli",
    chunkFileNames: "chunks/[name]-[hash].js",
    // Their licences ask to be passed on.
    banner: ({ moduleIds }) =>
      [...new Set(moduleIds.map(libraryOf))]
        .filter((name) => name !== undefined)
        .map((name) => `/*! ${name}\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n*/`)
        .join("\n"),
  },
});
