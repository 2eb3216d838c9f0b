import type { Fact } from "./facts.js";

/** Which facts count when two databases are compared. */
export type FactOptions = {
  /** True: two tables with their columns in another order are two. Default false. */
  readonly columnOrder?: boolean | undefined;
  /** False: names that PostgreSQL or drizzle-kit gives by itself do not count. Default true. */
  readonly automaticNames?: boolean | undefined;
  /** False: comments do not count. Default true. */
  readonly comments?: boolean | undefined;
  /**
   * What to leave out, with `*` for any text: a name such as `pgboss.*` or `spatial_ref_sys` for everything of it; or, with a
   * space in it, a fact's key without its quotes, such as `grant on * to reporting`.
   */
  readonly ignore?: readonly string[] | undefined;
};

/** The facts that count. Those with names that do not count get keys without them. */
export function selectFacts<F extends Fact>(facts: readonly F[], options: FactOptions = {}): F[] {
  const ignored = (options.ignore ?? []).map(toMatcher);
  const kept = facts.filter(
    (fact) =>
      (options.columnOrder === true || !fact.key.startsWith("column order of ")) &&
      (options.comments !== false || !fact.key.startsWith("comment on ")) &&
      !ignored.some((matches) => matches(fact)),
  );
  return options.automaticNames === false ? withoutNames(kept) : kept;
}

function toMatcher(pattern: string): (fact: Fact) => boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "s");
  if (pattern.includes(" ")) return ({ key }) => whole.test(key.replaceAll('"', ""));
  return ({ key, subject }) =>
    whole.test(subject) || (!subject.includes(".") && whole.test(`public.${subject}`)) || whole.test(key);
}

/** As PostgreSQL ends the names that it makes up, and drizzle-kit those that it does. */
const AUTOMATIC = /_(pkey|key|fkey|check|excl|not_null|idx|fk|pk|unique|index)\d*"/;

function withoutNames<F extends Fact>(facts: readonly F[]): F[] {
  const counts = new Map<string, number>();
  return facts.map((fact) => {
    const name = /^(?:constraint|index) (?:"(?:[^"]|"")*"\.)?("(?:[^"]|"")*")/.exec(fact.key)?.[1];
    if (name === undefined || !AUTOMATIC.test(name)) return fact;
    const [kind = ""] = fact.key.split(" ");
    const value = kind === "index" ? fact.value.replace(/ INDEX \S+ ON /, " INDEX ON ") : fact.value;
    const key = `${kind} of ${fact.subject}: ${value}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { ...fact, value, key: `${key} (${count})` };
  });
}
