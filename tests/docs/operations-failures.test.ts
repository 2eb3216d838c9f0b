import { readFileSync } from "node:fs";
import { globSync } from "tinyglobby";
import { describe, expect, it } from "vitest";
import { readBlocks, readPage, readSections, repository } from "./support/markdown.js";

const section =
  readSections(readPage("docs/operations.md"), 2).find(
    ({ title }) => title === "When a migration does not go through",
  )?.text ?? "";
const pages = readSections(section, 3);

const sources = globSync(["src/**/*.ts"], { cwd: repository }).map((path) =>
  readFileSync(`${repository}${path}`, "utf8").replaceAll("\\'", "'"),
);

/** What stands between the places that differ from case to case. */
function fragmentsOf(line: string): string[] {
  return line
    .split("…")
    .map((part) => part.trim())
    .filter((part) => part.length > 2);
}

describe("docs/operations.md, when a migration does not go through", () => {
  it("has a page for each failure that operators look up", () => {
    expect(pages.map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        "Multiple heads",
        "Table already exists",
        "Migration timeout",
        "RLS policy conflicts",
        "Another migrator holds the lock",
        "Killed run",
        "Edited migration",
        "Missing migration",
        "Environment mismatch",
        "Read-only replica",
        "Pooler",
        "Disk full",
      ]),
    );
  });

  it.each(pages)(
    "$title: begins with words that the code has, says what they mean, and then what to do",
    ({ text }) => {
      const [block, ...others] = readBlocks(text);
      expect(block?.language).toBe("text");
      for (const line of block?.text.split("\n") ?? []) {
        const fragments = fragmentsOf(line);
        expect(fragments, line).not.toEqual([]);
        const said = sources.some((source) => fragments.every((fragment) => source.includes(fragment)));
        expect(said, `nothing in src says: ${line}`).toBe(true);
      }
      expect(others).toEqual([]);
      const paragraphs = text
        .slice(text.lastIndexOf("```") + 3)
        .trim()
        .split(/\n\n+/);
      expect(paragraphs.length).toBeGreaterThanOrEqual(2);
    },
  );
});
