import { describe, expect, it } from "vitest";
import { readPage, readSections } from "./support/markdown.js";

const page = readPage("docs/operations.md");

/** The members of the union `ErrorCode`, in the order of the source. */
function readErrorCodes(): string[] {
  const source = readPage("src/core/errors.ts");
  const union = /export type ErrorCode =\n((?:\s+\| "[a-z0-9-]+";?\n)+)/.exec(source)?.[1];
  if (union === undefined)
    throw new Error("src/core/errors.ts has no union ErrorCode of the form that this test reads");
  return [...union.matchAll(/"([a-z0-9-]+)"/g)].map((match) => match[1] ?? "");
}

const errors = readSections(page, 2).find(({ title }) => title === "Errors")?.text ?? "";
const explained = readSections(errors, 3);

describe("docs/operations.md", () => {
  it("explains every error code, in the order of the source, and no other", () => {
    const codes = readErrorCodes();
    expect(codes).toContain("argument-invalid");
    expect(explained.map(({ title }) => title)).toEqual(codes);
  });

  it("says of each what it means, and then what to do", () => {
    for (const { title, text } of explained) {
      const paragraphs = text.trim().split(/\n\n+/);
      expect(paragraphs.length, title).toBeGreaterThanOrEqual(2);
    }
  });
});
