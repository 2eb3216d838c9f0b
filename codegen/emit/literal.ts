/** A value that can be written as a TypeScript literal. */
export type Literal =
  | string
  | number
  | boolean
  | null
  | readonly Literal[]
  | { readonly [key: string]: Literal };

/** The width of a line, of this project and of what it generates. */
export const LINE_WIDTH = 110;

/**
 * A value as TypeScript, laid out as Biome and Prettier lay it out: what is generated passes a formatter's check.
 *
 * @param indent the spaces that the line starts with.
 * @param before how many characters stand before the value on its line, and after it: a comma or a semicolon.
 */
export function printLiteral(value: Literal, indent = 0, before = indent): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = " ".repeat(indent + 2);
  const end = " ".repeat(indent);
  if (Array.isArray(value)) {
    const items: readonly Literal[] = value;
    const isFlat = items.every((item) => typeof item !== "object" || item === null);
    const line = `[${items.map((item) => printLiteral(item)).join(", ")}]`;
    if (items.length === 0 || (isFlat && before + line.length + 1 <= LINE_WIDTH)) return line;
    return `[\n${items.map((item) => `${inner}${printLiteral(item, indent + 2)},\n`).join("")}${end}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return `{\n${entries.map(([key, part]) => printProperty(key, part, indent + 2)).join("")}${end}}`;
}

function printProperty(key: string, value: Literal, indent: number): string {
  const name = `${" ".repeat(indent)}${printKey(key)}:`;
  const text = printLiteral(value, indent, name.length + 1);
  const tooLong = typeof value === "string" && name.length + text.length + 2 > LINE_WIDTH;
  return tooLong ? `${name}\n${" ".repeat(indent + 2)}${text},\n` : `${name} ${text},\n`;
}

/** A property's name, in quotes only if it needs them. */
export function printKey(key: string): string {
  return isName(key) ? key : quote(key);
}

/** True for what may stand as a name in TypeScript. */
function isName(text: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(text);
}

/** In double quotes, unless single ones save escapes. */
function quote(text: string): string {
  const json = JSON.stringify(text);
  const count = (character: string) => text.split(character).length - 1;
  if (count('"') <= count("'")) return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
