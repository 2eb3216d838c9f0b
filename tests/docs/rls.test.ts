import { describe, expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { readExpected } from "../../src/isolation/expected.js";
import { tenantExpression } from "../../src/rls/policy-expression.js";
import { readBlocks, readPage } from "./support/markdown.js";
import { createSnippetProject } from "./support/snippet-project.js";

const blocks = readBlocks(readPage("docs/rls.md"));

describe("docs/rls.md", () => {
  it("shows the policy expression as it is written, in both forms", () => {
    const shown = blocks.filter((block) => block.section === "The policy expression").map(({ text }) => text);
    const forms = (["initplan", "citus"] as const).map((policyForm) =>
      tenantExpression({ setting: "app.creator_id", policyForm }, "creator_id", "uuid"),
    );
    expect(shown).toEqual(forms);
  });

  it("declares a door that can be read", async () => {
    const project = createSnippetProject(
      blocks.filter(({ section, text }) => section === "Doors" && text.includes("door(")),
    );
    try {
      const { doors } = readExpected(parseTenancySettings({}), await project.load(project.files[0] ?? ""));
      expect(doors.map(({ name }) => name)).toEqual(["find_account_by_email"]);
    } finally {
      project.remove();
    }
  });

  it.each(["Keys", "Options of a table"])("declares tables that can be read: %s", async (section) => {
    const project = createSnippetProject(
      blocks.filter((block) => block.section === section && block.language === "ts"),
    );
    try {
      for (const file of project.files) {
        const { tables } = readExpected(parseTenancySettings({}), await project.load(file));
        expect(tables.length).toBeGreaterThan(0);
        expect(tables.filter(({ declaration }) => declaration === undefined)).toEqual([]);
      }
    } finally {
      project.remove();
    }
  });
});
