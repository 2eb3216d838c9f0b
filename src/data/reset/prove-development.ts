import { TenantryError } from "../../core/errors.js";

/** What is known of a database that is to be emptied. */
export type ResetSubject = {
  /** The environment of the command. */
  readonly environment: string;
  /** What the database itself is marked with. */
  readonly mark: string | undefined;
  readonly host: string;
  /** As the server says it. */
  readonly database: string;
  /** Hosts of development, as `defineTenancy()` lists them. */
  readonly developmentHosts: readonly string[];
};

const PRODUCTION_WORDS: ReadonlySet<string> = new Set(["prod", "prd", "production", "live"]);

/**
 * Refuses a database that is not provably development's: its own mark must say so, its host must be this machine or one that
 * the project lists, and its name must not sound like production. Pure.
 *
 * @throws TenantryError `production-refused` with the first thing that speaks against it.
 */
export function proveDevelopment(subject: ResetSubject): void {
  const problem = findProblem(subject);
  if (problem === undefined) return;
  throw new TenantryError({
    code: "production-refused",
    message: `reset is for development only, and ${problem.what}.`,
    hint: `Nothing was changed, and --yes changes nothing about that. ${problem.hint}`,
  });
}

function findProblem(subject: ResetSubject): { readonly what: string; readonly hint: string } | undefined {
  const { environment, mark, host, database, developmentHosts } = subject;
  if (environment !== "development")
    return { what: `the environment is ${environment}`, hint: "There is no way to reset it." };
  if (mark === undefined) {
    return {
      what: `nothing in the database ${database} says that it is development's`,
      hint: 'Run "tenantry init --env development" first, if it is: that marks it.',
    };
  }
  if (mark !== "development")
    return { what: `this is a ${mark} database`, hint: "There is no way to reset it." };
  if (!isLoopback(host) && !developmentHosts.includes(host)) {
    return {
      what: `${host} is not this machine`,
      hint: `List the host in drizzle.config.ts, if it is development's: defineTenancy({ developmentHosts: [${JSON.stringify(host)}] }).`,
    };
  }
  if (soundsLikeProduction(database))
    return {
      what: `${database} sounds like production`,
      hint: "Give a database of development another name.",
    };
  return undefined;
}

/** This machine, by any of its names and addresses for itself. */
function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return (
    bare === "localhost" || bare.endsWith(".localhost") || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare)
  );
}

/** `app_prod`, `prodApp`, `Live-2` and `myproduction` do; `delivery` and `products` do not. */
function soundsLikeProduction(name: string): boolean {
  const words = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return words.some((word) => PRODUCTION_WORDS.has(word) || /(prod|production)$/.test(word));
}
