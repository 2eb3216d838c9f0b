import { createHash, randomUUID } from "node:crypto";
import type { ExpressionParts } from "./expression-parts.js";
import { expressionParts } from "./expression-parts.js";
import { matchLike, matchPattern } from "./match-pattern.js";
import type { Shapes, ShapeType } from "./table-shape.js";

/** For which column values are wanted. */
export type Wanted = {
  readonly type: string;
  readonly modifier: number;
  /** What the conditions on the column mention. */
  readonly hints: readonly ExpressionParts[];
  /** Different for every row, so that keys differ. */
  readonly seed: number;
  /** Different for every run, so that keys differ from those of real rows. */
  readonly run: string;
};

/**
 * Values that a column of a type may take, in PostgreSQL's own text form, the likeliest first. With hints: first what
 * they suggest.
 */
export function valueCandidates(shapes: Shapes, wanted: Wanted): string[] {
  const type = shapes.types.get(wanted.type);
  if (type === undefined) return [];
  return [...new Set(candidatesOf(shapes, type, wanted))];
}

function candidatesOf(shapes: Shapes, type: ShapeType, wanted: Wanted): string[] {
  const inner = (modifier = -1) =>
    type.inner === null ? [] : valueCandidates(shapes, { ...wanted, type: type.inner, modifier });
  switch (type.kind) {
    case "enum":
      return rotate(type.labels, wanted.seed);
    case "domain": {
      const hints = [...wanted.hints, ...type.checks.map(expressionParts)];
      return valueCandidates(shapes, {
        ...wanted,
        hints,
        type: type.inner ?? "",
        modifier: type.innerModifier,
      });
    }
    case "array": {
      // The length of an array column is that of its elements.
      const elements = inner(wanted.modifier);
      const lists = elements.slice(0, 40).map((element) => `{${quoteElement(element)}}`);
      const several = elements.length === 0 ? [] : [`{${elements.slice(0, 3).map(quoteElement).join(",")}}`];
      return [...lists.slice(0, 1), "{}", ...several, ...lists.slice(1)];
    }
    case "range":
    case "multirange": {
      const bounds = inner();
      if (type.kind === "multirange") return bounds.map((range) => `{${range}}`);
      return bounds.map((bound) => `[${quoteElement(bound)},${quoteElement(bound)}]`);
    }
    case "composite": {
      const lists = type.attributes.map((attribute) =>
        valueCandidates(shapes, { ...wanted, ...attribute, hints: [] }),
      );
      return Array.from({ length: 12 }, (_, at) => {
        const parts = lists.map((list) => list[Math.min(at, list.length - 1)] ?? "");
        return `(${parts.map((part) => (part === "" ? "" : quoteElement(part))).join(",")})`;
      });
    }
    default:
      return baseCandidates(type, wanted);
  }
}

function baseCandidates(type: ShapeType, wanted: Wanted): string[] {
  const { seed } = wanted;
  const hinted = wanted.hints.flatMap((hint) => [...hint.strings, ...hint.numbers]);
  const fitting = (pattern: RegExp) => hinted.filter((text) => pattern.test(text));
  const octet = (shift: number) => (seed >> shift) % 250;
  switch (type.internal) {
    case "bool":
      return ["true", "false"];
    case "uuid":
      // A condition may be a hash partition's, which only some meet.
      return [
        ...Array.from({ length: wanted.hints.length === 0 ? 1 : 32 }, () => randomUUID()),
        ...fitting(/^[0-9a-f-]{36}$/i),
      ];
    case "int2":
      return numbers(wanted, (seed % 30_000) + 1, 32_767);
    case "int4":
    case "oid":
      return numbers(wanted, 1_500_000_000 + seed, 2_147_483_647);
    case "int8":
      return numbers(wanted, 7_000_000_000 + seed, Number.MAX_SAFE_INTEGER);
    case "float4":
    case "float8":
      return [...numbers(wanted, seed, 1e15), ...fitting(/^-?\d*\.\d+$/), "0.5", "0.1"];
    case "money":
      return numbers(wanted, seed, 1e15);
    case "numeric":
      return numericCandidates(wanted);
    case "timestamp":
    case "timestamptz":
    case "date":
      return [...dates(seed), ...fitting(/^\d{4}-\d\d-\d\d/).flatMap(around)];
    case "time":
    case "timetz":
      return [`${pad(seed % 24)}:${pad(seed % 60)}:${pad(seed % 59)}`, ...fitting(/^\d\d:\d\d/)];
    case "interval":
      return [`${seed} minutes`, ...fitting(/\d/), "1 day", "0"];
    case "bytea":
      return [digest(wanted).slice(0, 32), digest(wanted), ...byteLengths(wanted), "00"].map(
        (hex) => `\\x${hex}`,
      );
    case "json":
    case "jsonb":
      return jsonCandidates(wanted);
    case "inet":
      return [`10.${octet(16)}.${octet(8)}.${octet(0)}`, ...fitting(/^[\d.:a-f]+(\/\d+)?$/)];
    case "cidr":
      return [`10.${octet(16)}.${octet(8)}.${octet(0)}/32`, ...fitting(/^[\d.:a-f]+\/\d+$/)];
    case "macaddr":
      return [`02:00:00:00:${hex(seed >> 8)}:${hex(seed)}`];
    case "macaddr8":
      return [`02:00:00:00:00:00:${hex(seed >> 8)}:${hex(seed)}`];
    case "bit":
    case "varbit": {
      const length = wanted.modifier > 0 ? wanted.modifier : 1;
      return [seed.toString(2).padStart(length, "0").slice(-length), ...fitting(/^[01]+$/)];
    }
    case "char":
      return [seed.toString(36).slice(-1)];
    case "xml":
      return [`<probe>${seed}</probe>`];
    case "tsvector":
      return [`'probe':${seed}`];
    case "tsquery":
      return ["probe"];
    case "pg_lsn":
      return [`0/${seed.toString(16)}`];
    case "point":
    case "geometry":
    case "geography":
      return type.internal === "point" ? [`(${seed},1)`] : [`SRID=4326;POINT(${seed % 90} 1)`, "POINT(0 0)"];
    case "line":
      return [`{1,-1,${seed}}`];
    case "lseg":
      return [`[(0,0),(${seed},1)]`];
    case "box":
      return [`(${seed},1),(0,0)`];
    case "path":
    case "polygon":
      return [`((0,0),(${seed},1),(1,0))`];
    case "circle":
      return [`<(0,0),${seed}>`];
    case "hstore":
      return [`probe=>${seed}`];
    case "ltree":
      return [`probe.n${seed}`];
    case "vector":
      return [
        `[${Array.from({ length: Math.max(wanted.modifier, 1) }, (_, at) => (at === 0 ? seed : 1)).join(",")}]`,
      ];
    default:
      if (type.category === "S") return textCandidates(type, wanted);
      return type.category === "N" ? numbers(wanted, seed, 1e9) : [];
  }
}

function numbers({ hints, modifier: _ }: Wanted, own: number, most: number): string[] {
  const suggested = hints
    .flatMap((hint) => [...hint.numbers, ...hint.strings.filter((text) => /^-?\d+(\.\d+)?$/.test(text))])
    .map(Number)
    .flatMap((number) => [number + 1, number, number - 1]);
  // For remainders.
  const plain = [...new Set(hints.flatMap((hint) => hint.numbers.map(Number)))].slice(0, 6);
  const products = plain.flatMap((one) => plain.map((factor) => one * factor));
  const all = hints.length === 0 ? [own, 1, 2] : [...suggested, ...products, 1, 2, 0, 10, 100, -1, own];
  return all.filter((number) => Math.abs(number) <= most).map((number) => String(Math.trunc(number)));
}

function numericCandidates(wanted: Wanted): string[] {
  const packed = wanted.modifier < 4 ? undefined : wanted.modifier - 4;
  const [precision, scale] = packed === undefined ? [15, 2] : [packed >> 16, packed & 0x7ff];
  const most = 10 ** Math.max(precision - scale, 0) - 1;
  const fractions = wanted.hints.flatMap((hint) => hint.numbers.filter((text) => text.includes(".")));
  const small = scale > 0 ? ["0.5", "0.1"] : [];
  return [...fractions, ...numbers(wanted, Math.min(wanted.seed, Math.max(most, 0)), most), ...small];
}

function textCandidates(type: ShapeType, wanted: Wanted): string[] {
  const { hints, seed, run, modifier } = wanted;
  const limited = type.internal === "varchar" || type.internal === "bpchar";
  const limit = limited && modifier >= 4 ? modifier - 4 : undefined;
  const fits = (text: string) => limit === undefined || [...text].length <= limit;
  const short = seed.toString(36);
  const own = [`tenantry-probe-${run}-${seed}`, `p${run}${short}`, `p${short}`, short, short.slice(-1)];
  if (hints.length === 0) return own.filter(fits);
  const lengths = hints
    .flatMap((hint) => hint.numbers.map(Number))
    .filter((length) => length > 0 && length <= 20_000)
    .flatMap((length) => [length, length + 1, length - 1])
    .filter((length) => length > 0)
    .map((length) => own[0]?.slice(0, length).padEnd(length, "x") ?? "");
  const matched = hints.flatMap((hint) => [
    ...hint.patterns.flatMap((pattern) =>
      [seed, seed + 7919, seed + 104_729].flatMap((each) => matchPattern(pattern, each) ?? []),
    ),
    ...hint.likes.flatMap((like) => [
      matchLike(like, seed),
      ...hint.numbers.map((length) => matchLike(like, seed, Math.min(Number(length), 20_000))),
    ]),
  ]);
  const listed = hints.flatMap((hint) => hint.strings);
  return [...matched, ...own, ...rotate(listed, seed), ...lengths, ...dictionary(wanted)].filter(fits);
}

/** What conditions on text often ask for. */
function dictionary(wanted: Wanted): string[] {
  const { seed, run } = wanted;
  const hash = digest(wanted);
  return [
    `probe-${run}-${seed}@example.invalid`,
    `https://probe-${run}-${seed}.example.invalid/`,
    `probe-${seed}.example.invalid`,
    hash,
    hash.slice(0, 40),
    hash.slice(0, 32),
    hash.toUpperCase().slice(0, 8),
    randomUUID(),
    `+49151${String(seed).padStart(8, "0")}`,
    String(seed).padStart(6, "0"),
    ...["1", "DE", "de", "EUR", "en-US", "UTC", "#a1b2c3", "text/plain", `1.0.${seed}`, `/probe/${seed}`],
    ...["2026-01-01", "12:00", "Probe", "PROBE", "probe", "a", "A", "{}", `$2b$10$${hash.slice(0, 53)}`, ""],
  ];
}

function jsonCandidates({ hints, seed }: Wanted): string[] {
  const keys = hints.flatMap((hint) => hint.strings);
  const objects = ["probe", 1, true].map((value) =>
    JSON.stringify(Object.fromEntries(keys.map((key) => [key, value]))),
  );
  const plain = ["{}", "[]", '"probe"', String(seed), "true", "null"];
  if (hints.length === 0) return [JSON.stringify({ probe: seed }), ...plain];
  return [...plain, ...objects, ...keys.map((key) => JSON.stringify(key)), '["probe"]', "[{}]"];
}

function dates(seed: number): string[] {
  const now = Date.now();
  const day = 86_400_000;
  const own = now - (seed % 40_000) * 1000;
  return [own, own + day, own - day, own + 400 * day, own - 400 * day].map(stamp);
}

function around(text: string): string[] {
  // To the second, and taken for UTC: a day on either side is tried, too.
  const time = Date.parse(
    `${text.slice(0, 10)}T${text.slice(11, 19).padEnd(8, "00:00:00".slice(text.slice(11, 19).length))}Z`,
  );
  if (Number.isNaN(time)) return [];
  return [time, time + 86_400_000, time - 86_400_000].map(stamp);
}

function stamp(time: number): string {
  return new Date(time).toISOString().replace("T", " ").replace("Z", "+00");
}

function byteLengths({ hints, ...rest }: Wanted): string[] {
  const source = digest({ ...rest, hints }).repeat(40);
  return hints
    .flatMap((hint) => hint.numbers.map(Number))
    .filter((length) => length > 0 && length <= 1000)
    .map((length) => source.slice(0, 2 * length));
}

function digest({ run, seed }: Wanted): string {
  return createHash("sha256").update(`${run}/${seed}`).digest("hex");
}

function hex(number: number): string {
  return (number & 0xff).toString(16).padStart(2, "0");
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}

function rotate<T>(values: readonly T[], by: number): T[] {
  const from = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(from), ...values.slice(0, from)];
}

function quoteElement(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
