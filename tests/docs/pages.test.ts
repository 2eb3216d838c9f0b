import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { COMMAND_NAMES } from "../../src/cli/commands.js";
import { runProgram } from "../../src/cli/program.js";
import type { Block } from "./support/markdown.js";
import { proseOf, readBlocks, readCodeSpans, readPage, repository } from "./support/markdown.js";
import { createSnippetProject } from "./support/snippet-project.js";

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(`${repository}docs`)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const manifest = JSON.parse(readPage("package.json")) as {
  exports: Record<string, unknown>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  version: string;
};
const installed = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));

describe.each(pages)("%s", (page) => {
  const markdown = readPage(page);
  const blocks = readBlocks(markdown);

  it("names only paths that exist", () => {
    const missing = readCodeSpans(markdown)
      .filter(isPath)
      .filter((path) => !existsSync(join(repository, path)));
    expect(missing).toEqual([]);
  });

  it("links only to pages and headings that exist", () => {
    const broken = [...proseOf(markdown).matchAll(/\]\(([^)]+)\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !isReachable(page, target));
    expect(broken).toEqual([]);
  });

  it("keeps its lines within 120 characters", () => {
    if (isGenerated(markdown)) return;
    const wide = markdown
      .split("\n")
      .filter((line) => line.length > 120 && !line.startsWith("|") && !line.includes("]("));
    expect(wide).toEqual([]);
  });

  it("marks every block with its language", () => {
    const marked = ["ts", "sql", "sh", "text", "json", "yaml", "mermaid"];
    expect(blocks.filter(({ language }) => !marked.includes(language))).toEqual([]);
  });

  it("shows command lines that exist", async () => {
    for (const line of commandLines(blocks)) expect(await explain(line), line).toBe("");
  });
});

it("shows TypeScript that compiles, on all pages", () => {
  // One project for all of them, so that the compiler starts once; a section's snippets may import each other.
  const folders = new Map<Block, string>();
  for (const page of pages) {
    for (const block of readBlocks(readPage(page)).filter(({ language }) => language === "ts"))
      folders.set(block, `${page}/${block.section.replaceAll(/\W+/g, "-")}`);
  }
  expect(folders.size).toBeGreaterThan(0);
  const project = createSnippetProject([...folders.keys()], (block) => folders.get(block) ?? "");
  try {
    expect(project.typeCheck()).toBe("");
  } finally {
    project.remove();
  }
});

/** A page that a command writes has its own tests. */
function isGenerated(markdown: string): boolean {
  return markdown.includes("<!-- Written by tenantry");
}

/** Whether what stands between backticks is meant as a path of this repository. */
function isPath(text: string): boolean {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(text)) return false;
  if (text.startsWith(".tenantry") || isModule(text)) return false;
  return text.includes("/") || /\.(ts|md|json|sql|js|yaml|yml)$/.test(text) || text === "Makefile";
}

/** Names of files as a reader's own project has them. */
const READERS_OWN = new Set([
  "migration.sql",
  "snapshot.json",
  "verify.sql",
  "down.sql",
  "meta/_journal.json",
  "server.json",
  ".husky/pre-commit",
  "lefthook.yml",
  ".pre-commit-config.yaml",
  "app_name/x",
]);

function isModule(text: string): boolean {
  if (READERS_OWN.has(text)) return true;
  const [scope = "", name = ""] = text.split("/");
  if (scope === "tenantry") return `./${text.split("/").slice(1).join("/")}` in manifest.exports;
  return installed.has(scope) || installed.has(`${scope}/${name}`);
}

function isReachable(page: string, target: string): boolean {
  if (target.startsWith("https://")) return true;
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(repository, file))) return false;
  return anchor === undefined || anchorsOf(readPage(file)).includes(anchor);
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function commandLines(blocks: readonly Block[]): string[] {
  return blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.split("\n"))
    .map((line) => line.replace(/(^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** Why a command line would not run; empty if it would. */
async function explain(line: string): Promise<string> {
  const words = line.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word));
  const text = words.join(" ");
  if (words[0] === "make") return explainMake(words.slice(1));
  const own = /^(?:npm run -s tenantry --|npx(?: --no-install)? tenantry|tenantry) (.+)$/.exec(text)?.[1];
  if (own !== undefined) return await explainTenantry(own.split(" "));
  const script = /^npm run(?: -s)? (\S+)$/.exec(text)?.[1];
  if (script !== undefined) return script in manifest.scripts ? "" : `no script ${script}`;
  if (words[0] === "npm" && words[1] === "install") return explainInstall(words.slice(2));
  return OTHERS.has(text) ? "" : "nobody knows this command";
}

/** Command lines of other programs, looked at by a person. */
const OTHERS = new Set(["npm pack", "npm ci", "npx drizzle-kit up", "npx jest"]);

function explainMake(words: readonly string[]): string {
  const makefile = readPage("Makefile");
  const targets = words.filter((word) => !word.includes("="));
  const missing = targets.filter((target) => !new RegExp(`^${target}(\\s[^:=]*)?:`, "m").test(makefile));
  return missing.length === 0 ? "" : `no target ${missing.join(", ")}`;
}

async function explainTenantry(words: readonly string[]): Promise<string> {
  const [name = ""] = words;
  if (!COMMAND_NAMES.includes(name)) return `no command ${name}`;
  let help = "";
  const stream = new Writable({
    write: (chunk, _, done) => {
      help += String(chunk);
      done();
    },
  });
  const exitCode = await runProgram([name, "--help"], {
    cwd: repository,
    variables: {},
    stdin: {},
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
  });
  if (exitCode !== 0) return `exit code ${exitCode}: ${help}`;
  const unknown = words.filter(
    (word) => word.startsWith("--") && !new RegExp(`^\\s+${word}(\\s|$)`, "m").test(help),
  );
  return unknown.length === 0 ? "" : `no option ${unknown.join(", ")}`;
}

/** Whoever pins a version on these pages pins the one that this project is built with. */
function explainInstall(words: readonly string[]): string {
  const wrong = words
    .filter((word) => !word.startsWith("--"))
    .filter((word) => {
      if (word === `tenantry-${manifest.version}.tgz`) return false;
      const [, name = "", version] = /^(@?[^@]+)(?:@(.+))?$/.exec(word) ?? [];
      return !installed.has(name) || (version !== undefined && version !== manifest.devDependencies[name]);
    });
  return wrong.length === 0 ? "" : `not what this project uses: ${wrong.join(", ")}`;
}
