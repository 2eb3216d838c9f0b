import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/cli/report/html/render-report.js";
import { makeLargeReport, makeReport, makeUnreadReport } from "../support/report-fixture.js";
import { startChromium } from "../support/start-chromium.js";

const hostile = (text: string) =>
  `${text}</title><script>document.title = "run"; alert(1)</script><img src="https://example.com/x" onerror="alert(1)">"'עברית🦊${"長".repeat(20)}`;

const REPORTS = {
  full: makeReport(),
  hostile: makeReport(hostile),
  large: makeLargeReport(500),
  unread: makeUnreadReport(),
};

/** A4 within the margins of the style sheet, in CSS pixels. */
const PAPER = { upright: 703, across: 1031 };

let browser: Browser;
let folder = "";
const pages = new Map<string, Page>();

/** What the pages have asked for, and complained about. */
const noise: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenantry-report-"));
  browser = await startChromium();
  const context = await browser.newContext();
  for (const [name, report] of Object.entries(REPORTS)) {
    const file = join(folder, `${name}.html`);
    await writeFile(file, renderReport(report));
    pages.set(name, await open(await context.newPage(), pathToFileURL(file).href));
  }
  // Without the package, it is installed.
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(page: Page, url: string): Promise<Page> {
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(error.message));
  page.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== url) noise.push(request.url());
  });
  await page.goto(url);
  return page;
}

type View = { readonly width?: number; readonly colorScheme?: "light" | "dark"; readonly media?: "print" };

/** A report as it is seen by somebody. */
async function look(name: keyof typeof REPORTS, view: View = {}): Promise<Page> {
  const page = pages.get(name);
  if (page === undefined) throw new Error(`no page ${name}`);
  const { width = 1280, colorScheme = "light", media = "screen" } = view;
  await page.emulateMedia({ colorScheme, media });
  await page.setViewportSize({ width, height: 800 });
  await page.bringToFront();
  return page;
}

/** Rules of axe, of all its levels, that a page breaks. */
async function findBarriers(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary)]))`,
  );
}

describe("the page of a report, in Chromium", () => {
  it.each([
    ["full", { colorScheme: "light" }],
    ["full", { colorScheme: "dark" }],
    ["unread", { width: 360 }],
  ] as const)("keeps nothing from anybody: %s, %j", async (name, view) => {
    expect(await findBarriers(await look(name, view))).toEqual([]);
  });

  it("would be found out if it did", async () => {
    const page = await look("unread");
    await page.evaluate(
      `document.querySelector("h1").insertAdjacentHTML("afterend", '<img class="barrier" alt>')`,
    );
    await page.evaluate(`document.querySelector(".barrier").removeAttribute("alt")`);
    expect(await findBarriers(page)).toEqual([["image-alt", expect.anything()]]);
    await page.evaluate(`document.querySelector(".barrier").remove()`);
  });

  it.each(["full", "hostile", "large", "unread"] as const)(
    "fits from a telephone to a wide screen: %s",
    async (name) => {
      for (const width of [360, 1600]) {
        const page = await look(name, { width });
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      }
    },
  );

  it("wears its style sheet, by day and by night", async () => {
    for (const [colorScheme, color] of [
      ["light", "rgb(246, 247, 249)"],
      ["dark", "rgb(18, 21, 26)"],
    ] as const) {
      const page = await look("full", { colorScheme });
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(color);
    }
  });

  it("writes each name inside its shape", async () => {
    for (const name of ["full", "hostile", "large"] as const) {
      const page = await look(name);
      const overhang = page.evaluate(`Math.max(...[...document.querySelectorAll(".diagram g")]
        .filter((g) => g.querySelector("text"))
        .map((g) => g.querySelector("text").getBBox().width - g.querySelector(".shape").getBBox().width))`);
      expect(await overhang, name).toBeLessThan(0);
    }
  });

  it("leads the keyboard from the skip link to sections and tables, and shows where it is", async () => {
    const page = await look("full");
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return await page.evaluate<[string, boolean]>(`(() => {
        const { activeElement: e } = document;
        return [e.id || e.getAttribute("href") || e.getAttribute("aria-label") || e.tagName,
          getComputedStyle(e).outlineStyle !== "none" && e.getBoundingClientRect().top >= 0];
      })()`);
    };
    expect(await press("Tab")).toEqual(["#content", true]);
    const links: string[] = [];
    for (let stop = 0; stop < 12; stop++) links.push((await press("Tab"))[0]);
    for (const id of ["tables", "attacks", "findings", "drift", "migrations", "exceptions", "roles"])
      expect(links).toContain(`#${id}`);
    await page.evaluate(`document.querySelector(".skip").focus()`);
    expect((await press("Enter"))[0]).toBe("content");
    expect([await press("Tab"), await press("Tab"), await press("Tab"), await press("Tab")]).toEqual([
      ["Diagram of the tables", true],
      ["Each table with its row security: 8 in all, the worst first", true],
      ["What was attacked, and how each attack ended", true],
      ["SUMMARY", true],
    ]);
    const isOpen = `document.querySelector("#attacks details").open`;
    await press("Enter");
    expect(await page.evaluate(isOpen)).toBe(true);
    await press("Enter");
    expect(await page.evaluate(isOpen)).toBe(false);
  });

  it("prints on A4: light, whole, and what was folded open", async () => {
    for (const name of ["full", "hostile", "large"] as const) {
      const page = await look(name, { width: PAPER.upright, colorScheme: "dark", media: "print" });
      const printed = await page.evaluate(`(() => {
        const attacks = document.querySelector("#attacks");
        const matrix = attacks.querySelector(".matrix").getBoundingClientRect().width;
        const folded = [...document.querySelectorAll("details")]
          .filter((each) => each.lastElementChild.getBoundingClientRect().height === 0).length;
        attacks.hidden = true;
        const width = document.documentElement.scrollWidth;
        attacks.hidden = false;
        return { matrix, folded, width, color: getComputedStyle(document.body).color };
      })()`);
      expect(printed, name).toEqual({
        matrix: expect.toSatisfy((width: number) => width <= PAPER.across),
        folded: 0,
        width: PAPER.upright,
        color: "rgb(26, 31, 38)",
      });
    }
  });

  it("prints the matrix across, and all else upright", async () => {
    const pdf = await (await look("full", { media: "print" })).pdf({ preferCSSPageSize: true });
    const sizes = [...pdf.toString("latin1").matchAll(/\/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]/g)];
    const sheets = sizes.map(([, width, height]) => `${width} × ${height}`);
    expect(sheets[0]).toBe("594 × 841");
    expect(new Set(sheets)).toEqual(new Set(["594 × 841", "841 × 594"]));
  });

  it("has asked for nothing and complained of nothing in all that, whatever it was given", async () => {
    expect(noise).toEqual([]);
    expect(await (await look("hostile")).title()).toContain("</title><script>");
  });
});
