import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Finding } from "../../core/finding.js";
import { defineCommand } from "../command.js";
import { compareGenerated, DEFAULT_DOCS } from "../generated-files.js";

/** `tenantry generate`: relations, zod schemas, the manifest and the document of the schema. */
export const generateCommand = defineCommand({
  name: "generate",
  summary: "write relations, zod schemas, the manifest and docs from the schema",
  example: "generate --check",
  options: [
    { flags: "--check", description: "write nothing; exit 1 and name each file that is not up to date" },
    {
      flags: "--out <folder>",
      values: "folders",
      description: "where the TypeScript goes (generated/ beside the schema's entry file)",
    },
    { flags: "--docs <file>", values: "files", description: "where the document goes (docs/schema.md)" },
  ],
  variables: [],
  exits: { 0: "the files are written, or up to date", 1: "with --check: a file is not up to date" },
  input: z.object({
    check: z.boolean().default(false),
    out: z.string().min(1).optional(),
    docs: z.string().min(1).default(DEFAULT_DOCS),
  }),
  run: async (context, input) => {
    const states = await compareGenerated(await context.loadProject(), input);
    const stale = states.filter(({ isCurrent }) => !isCurrent);
    const data = { files: states.map(({ name, isCurrent }) => ({ file: name, current: isCurrent })) };
    if (input.check) {
      const findings = stale.map(
        ({ name, exists }): Finding => ({
          rule: "generated-stale",
          level: "error",
          subject: name,
          file: name,
          detail: exists
            ? "the schema has changed since it was generated, or it was edited"
            : "it has not been generated",
          fix: 'Run "tenantry generate" and commit the file.',
        }),
      );
      return { exitCode: stale.length === 0 ? 0 : 1, data, findings };
    }
    for (const { path, text } of stale) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const text =
      stale.length === 0 ? "Everything is up to date." : stale.map(({ name }) => `Wrote ${name}`).join("\n");
    return { exitCode: 0, data, text };
  },
});
