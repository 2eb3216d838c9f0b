import { visibleText } from "./visible-text.js";

/** A piece of HTML or SVG that was made by {@link html} alone: no text can pass for one. */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Only for {@link html}. */
  static made(text: string): Markup {
    return new Markup(text);
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: texts and numbers are escaped, markup is not, and nothing is nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/**
 * Markup from a template. Values may stand in text and inside double quotes, and nowhere else.
 *
 * @example String(html`<b title="${'"'}">${"<script>"}</b>`) // <b title="&quot;">&lt;script&gt;</b>
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return Markup.made(parts.map((part, index) => `${part}${render(values[index])}`).join(""));
}

function render(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.toString();
  if (typeof content === "object") return content.map(render).join("");
  return escapeText(visibleText(String(content)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escapeText(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? "");
}
