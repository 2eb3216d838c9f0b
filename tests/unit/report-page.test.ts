import { createHash } from "node:crypto";
import fc from "fast-check";
import type { DefaultTreeAdapterTypes } from "parse5";
import { parse } from "parse5";
import { describe, expect, it } from "vitest";
import { html } from "../../src/cli/report/html/markup.js";
import { renderReport } from "../../src/cli/report/html/render-report.js";
import { visibleText } from "../../src/cli/report/html/visible-text.js";
import { judgeReport } from "../../src/cli/report/judge-report.js";
import { mergeFindings } from "../../src/cli/report/merge-findings.js";
import { redactSecrets } from "../../src/cli/report/redact-secrets.js";
import type { Report } from "../../src/cli/report/report.js";
import type { Finding } from "../../src/core/finding.js";
import { makeLargeReport, makeReport, makeUnreadReport } from "../support/report-fixture.js";

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document;

/** A page as a browser reads it: each element with the names of its attributes, and all text. */
function readPage(page: string) {
  const errors: string[] = [];
  const elements: string[] = [];
  const values: string[] = [];
  const texts: string[] = [];
  const walk = (node: Node) => {
    if ("value" in node) texts.push(node.value);
    if ("tagName" in node) {
      elements.push([node.tagName, ...node.attrs.map((attribute) => attribute.name)].join(" "));
      values.push(...node.attrs.map((attribute) => attribute.value));
    }
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(parse(page, { onParseError: ({ code }) => errors.push(code) }));
  return { errors, elements, values, text: texts.join(" ") };
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "</title></style></svg><img src=x onerror=alert(1)>",
  '" onload="alert(1)',
  "' onload='alert(1)",
  "--><!--",
  "]]><![CDATA[",
  "&lt;b&gt;&quot;&#x3c;",
  "`${alert(1)}`",
  "javascript:alert(1)",
  "עברית \u202eevil\u2066",
  "🦊👩‍👩‍👧",
  "a\u0000b\u0007\u2028c\ud800",
  "\n\n\t<p>",
  "__proto__",
  "{{7*7}}",
];

describe("the page of a report", () => {
  it.each(HOSTILE)("keeps %j where it is text", (hostile) => {
    const page = readPage(renderReport(makeReport((text) => `${text}${hostile}`)));
    expect(page.errors).toEqual([]);
    expect(page.elements.sort()).toEqual(readPage(renderReport(makeReport())).elements.sort());
    const shown = visibleText(hostile);
    expect(page.text).toContain(shown.trim());
  });

  it("has the same elements and attributes whatever the names are", () => {
    const tame = readPage(renderReport(makeReport())).elements.sort();
    const texts = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.constantFrom(...HOSTILE),
      fc
        .array(fc.constantFrom("<", ">", '"', "'", "`", "&", "/", "=", "\0", " ", "a", "!", "-", "]"), {
          minLength: 1,
        })
        .map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (hostile) => {
        const page = readPage(renderReport(makeReport((text) => `${text}${hostile}`)));
        expect(page.errors).toEqual([]);
        expect(page.elements.sort()).toEqual(tame);
      }),
      { numRuns: 15 },
    );
  });

  it("escapes whatever stands in a template, and nothing twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const [, attribute, content] =
          /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(String(html`<p title="${text}">${text}</p>`)) ?? [];
        const read = readPage(`<!doctype html><p title="${attribute}">x${content}</p>`);
        expect(read.values).toEqual([visibleText(text)]);
        expect(read.text).toBe(`x${visibleText(text)}`);
      }),
    );
    expect(String(html`<b>${html`<i>${"<"}</i>`}${[html`<u></u>`, "&", 1, undefined]}</b>`)).toBe(
      "<b><i>&lt;</i><u></u>&amp;1</b>",
    );
  });

  it("may load and run nothing, and its style sheet is the one that its policy names", () => {
    const page = renderReport(
      makeReport((text) => `${text}<script src="https://example.com/x.js"></script>`),
    );
    const { elements, values } = readPage(page);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const digest = createHash("sha256").update(style).digest("base64");
    expect(values).toContain(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`,
    );
    expect(
      elements.filter((each) => /^(script|link|img|iframe|object|embed|form|base)\b/.test(each)),
    ).toEqual([]);
    expect(elements.filter((each) => / (style|on\w+|src|action|http:)/.test(each))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<style>"));
  });

  it("shows characters that would hide or reorder a line", () => {
    expect(visibleText("a\u202eb\u0000c\nd\te")).toBe("a⟨U+202E⟩b⟨U+0000⟩c\nd\te");
    expect(visibleText("\ud800 \ufffe עברית 👩‍👩‍👧")).toBe("⟨U+D800⟩ ⟨U+FFFE⟩ עברית 👩‍👩‍👧");
  });

  it("gives each table a caption, its headings a scope, and each id once", () => {
    for (const page of [makeReport(), makeUnreadReport(), makeLargeReport(60)].map(renderReport)) {
      const count = (pattern: RegExp) => [...page.matchAll(pattern)].length;
      expect(count(/<table/g)).toBe(count(/<caption>/g));
      expect(count(/<th[ >]/g)).toBe(count(/<th scope="(col|row)"/g));
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    }
  });

  it("says of each part that could not be read that it was not, and why", () => {
    const page = renderReport(makeUnreadReport());
    const { text } = readPage(page);
    for (const part of [
      "attacks",
      "comparison with the code",
      "rows",
      "migrations",
      "run log",
      "revision of the project",
    ])
      expect(text).toContain(`The ${part}`);
    expect(
      [...page.matchAll(/permission denied for schema tenantry \(42501\)/g)].length,
    ).toBeGreaterThanOrEqual(12);
    expect(text).toContain("Not proven");
  });

  it("stays small with 500 tables, draws alike ones once, and gives up on more shapes than can be followed", () => {
    const large = renderReport(makeLargeReport(500));
    expect(Buffer.byteLength(large)).toBeLessThan(3_000_000);
    expect(large).toMatch(/<title>480 tables: table_number_2_/);
    expect(large).toContain("share a shape");
    const report = makeLargeReport(500);
    const chained = report.tables.slice(2).map(({ table }, index) => ({
      ...{
        from: table,
        to: report.tables[index + 1]?.table ?? "",
        constraint: "fk",
        columns: [],
        keepsTenant: true,
      },
    }));
    const page = renderReport({ ...report, references: chained });
    expect(page).toContain("No diagram: 501 shapes are more than anybody can follow.");
  });

  it("draws a database without foreign keys, and one without tables", () => {
    const report = makeReport();
    expect(renderReport({ ...report, references: [] })).toContain('role="img"');
    expect(renderReport({ ...report, tables: [], references: [] })).not.toContain("Infinity");
  });
});

describe("the verdict", () => {
  const finding = (rule: string, level: Finding["level"] = "error"): Report["findings"][number] => ({
    ...{ rule, level, subject: "documents", detail: "x", fix: "y", foundBy: ["catalog"] },
  });
  const judge = (findings: Report["findings"], more: Partial<Report> = {}, isWanted = true) =>
    judgeReport({ ...makeLargeReport(2), findings, ...more }, isWanted);
  const none = { read: false, reason: "no" } as const;

  it("is the gravest thing that was found", () => {
    expect(judge([]).state).toBe("isolated");
    expect(judge([finding("rls-not-forced", "warning")]).state).toBe("isolated");
    expect(judge([finding("drift"), finding("probe-failed")]).state).toBe("different");
    expect(judge([finding("probe-outage")]).state).toBe("not proven");
    expect(judge([finding("drift"), finding("rls-not-forced")]).state).toBe("not isolated");
    expect(judge([finding("rls-not-forced")], { attacks: none }).state).toBe("not isolated");
    // A rule that nobody has thought of here is a grave one.
    expect(judge([finding("a-new-rule")]).state).toBe("not isolated");
  });

  it("is not isolated where a proof is missing that was asked for", () => {
    for (const part of ["attacks", "drift", "rows"])
      expect(judge([], { [part]: none }).state, part).toBe("not proven");
    for (const part of ["timeline", "git", "mark", "migrations"])
      expect(judge([], { [part]: none }).state, part).toBe("isolated");
    const unasked = judge([], { attacks: none }, false);
    expect(unasked).toMatchObject({
      state: "isolated",
      sentence: expect.stringContaining("no attack was tried"),
    });
  });
});

describe("what goes into a report", () => {
  it("has no password, wherever it came from", () => {
    const secret = "s3cr:t/p@ss";
    const given = {
      url: `no answer from postgres://me:${encodeURIComponent(secret)}@host:5432/app?x=1 today`,
      redis: [`redis://:hunter2@cache/0`, "host=h password=hunter2 user=me", "password = 'hun ter2'"],
      sql: {
        text: "create role x login password 'hun''ter2' in role y",
        at: new Date(0),
        count: 3,
        none: null,
      },
      tame: "https://example.com/a@b and key: value@home",
    };
    const shown = redactSecrets(given);
    expect(JSON.stringify(shown)).not.toMatch(/hun|ter2|s3cr/);
    expect(shown.url).toBe("no answer from postgres://me:***@host:5432/app?x=1 today");
    expect(shown.sql).toEqual({ ...given.sql, text: "create role x login password '***' in role y" });
    expect(shown.tame).toBe(given.tame);
  });

  it("tells a finding once, with all that found it, errors first", () => {
    const one: Finding = { rule: "a", level: "warning", subject: "s", detail: "d", fix: "f" };
    const other: Finding = { ...one, rule: "b", level: "error" };
    expect(
      mergeFindings([
        { by: "catalog", findings: [one, other] },
        { by: "rehearsal", findings: [{ ...one, fix: "another" }] },
      ]),
    ).toEqual([
      { ...other, foundBy: ["catalog"] },
      { ...one, foundBy: ["catalog", "rehearsal"] },
    ]);
  });
});
