import { TenantryError } from "../../core/errors.js";

/** How a migration asks to be run. */
export type Directives = {
  /** Step by step, outside of a transaction. */
  readonly noTransaction: boolean;
  /** Milliseconds; 0 for no limit. */
  readonly lockTimeout?: number;
  /** Milliseconds; 0 for no limit. */
  readonly statementTimeout?: number;
  /** Tables that must not have fewer rows afterwards, as written: what `to_regclass` takes. */
  readonly keepsRows: readonly string[];
};

/** What a file without directives asks for. */
export const NO_DIRECTIVES: Directives = { noTransaction: false, keepsRows: [] };

const ANY = /--[ \t]*tenantry[ \t]*:/i;

/** The lines before the first statement, one by one: empty ones and comments. */
const HEADER_LINE = /[ \t]*(?:--(?!>)[^\n]*|\r?)(?:\n|$)/gy;

const DIRECTIVE = /^\s*--\s*tenantry\s*:(.*)$/i;

/** What `tenantry create` writes around its own part: for people, and no directive. */
const MARKERS: ReadonlySet<string> = new Set([
  "what the statements below need",
  "completion, what drizzle-kit cannot write",
  "end",
]);

/** Lines that can only be meant as directives, wherever they stand. */
const MISPLACED =
  /^[ \t]*--[ \t]*tenantry[ \t]*:[ \t]*((?:no-transaction|lock_timeout|statement_timeout|keeps-rows)\b[^\r\n]*)/im;

const FIX =
  "Write one of these on a line of its own at the top: -- tenantry: no-transaction, lock_timeout=5s, statement_timeout=10min, keeps-rows TABLE.";

/**
 * Reads the directives in the comment lines at the top of a migration.
 *
 * @param file what to call the file in an error.
 * @throws TenantryError `migrations-folder` naming file and line of what is unknown, malformed, given twice, or below the
 * first statement, where it would have no effect.
 * @example parseDirectives("-- tenantry: lock_timeout=5s\nselect 1", "migration.sql").lockTimeout // 5000
 */
export function parseDirectives(sql: string, file: string): Directives {
  if (!ANY.test(sql)) return NO_DIRECTIVES;
  let directives: Directives = NO_DIRECTIVES;
  let line = 0;
  const refuse = (text: string) => (why: string) => malformed(`${file}:${line}: "${text}" ${why}`);
  for (const [header] of sql.matchAll(HEADER_LINE)) {
    line++;
    const text = DIRECTIVE.exec(header.trim())?.[1]?.trim();
    if (text === undefined || MARKERS.has(text)) continue;
    directives = { ...directives, ...parseDirective(text, directives, refuse(text)) };
  }
  const below = sql.split("\n").slice(line).join("\n");
  const misplaced = MISPLACED.exec(below);
  if (misplaced !== null) {
    line += below.slice(0, misplaced.index).split("\n").length;
    throw refuse(misplaced[1] ?? "")("stands below the first statement.");
  }
  return directives;
}

function parseDirective(
  text: string,
  known: Directives,
  refuse: (why: string) => TenantryError,
): Partial<Directives> {
  const once = (isThere: boolean) => {
    if (isThere) throw refuse("is given twice.");
  };
  if (text === "no-transaction") {
    once(known.noTransaction);
    return { noTransaction: true };
  }
  const [, setting, value] = /^(lock_timeout|statement_timeout)\s*=\s*(.*)$/.exec(text) ?? [];
  if (setting !== undefined) {
    const key = setting === "lock_timeout" ? "lockTimeout" : "statementTimeout";
    once(known[key] !== undefined);
    const milliseconds = parseDuration(value ?? "");
    if (milliseconds === undefined) throw refuse("is no duration such as 500ms, 5s, 10min or 0.");
    return { [key]: milliseconds };
  }
  const [, table] = /^keeps-rows\s+(.*)$/.exec(text) ?? [];
  if (table !== undefined) {
    if (!TABLE.test(table)) throw refuse('names no table such as orders or "Billing".orders.');
    return { keepsRows: [...known.keepsRows, table] };
  }
  throw refuse("is no directive.");
}

/** A name, quoted or plain, with a schema in front or without. */
const TABLE = /^(?:"(?:[^"]|"")+"|[^\s".,;]+)(?:\.(?:"(?:[^"]|"")+"|[^\s".,;]+))?$/;

/** PostgreSQL's units of time, in milliseconds. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** PostgreSQL keeps its timeouts in 32 bits. */
const MOST_MILLISECONDS = 2_147_483_647;

/**
 * A duration as PostgreSQL writes it, in milliseconds; undefined if it is none, or so short that it would become 0, which
 * means no limit.
 *
 * @example parseDuration("1.5s") // 1500
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = "ms"] = /^(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const exact = Number(digits) * (UNITS.get(unit) ?? 1);
  const milliseconds = Math.round(exact);
  if (milliseconds > MOST_MILLISECONDS || (milliseconds === 0 && exact !== 0)) return undefined;
  return milliseconds;
}

function malformed(message: string): TenantryError {
  return new TenantryError({ code: "migrations-folder", message, hint: FIX });
}
