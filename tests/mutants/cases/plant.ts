import type { Edit, Mutant, Plant } from "../mutant.js";
import type { Names } from "../names.js";
import { OTHER, OWN, WORDS } from "../names.js";

/** A mutant before it is put into the words of a project. */
export type Case = Pick<Mutant, "threats" | "clean" | "unseenBy"> & {
  readonly plant: (names: Names) => Plant;
  /** Where it is what it is meant to be; by default everywhere. */
  readonly onlyIf?: (names: Names) => boolean;
};

/** The same cases in both projects. */
export function inBoth(cases: Readonly<Record<string, Case>>): Mutant[] {
  return putInto([OWN, OTHER], cases);
}

/** The same, and in the part of the fixture whose tenants are words. */
export function inAll(cases: Readonly<Record<string, Case>>): Mutant[] {
  return putInto([OWN, OTHER, WORDS], cases);
}

function putInto(places: readonly Names[], cases: Readonly<Record<string, Case>>): Mutant[] {
  return Object.entries(cases).flatMap(([id, { plant, onlyIf, ...rest }]) =>
    places
      .filter((names) => onlyIf?.(names) ?? true)
      .map((names) => ({ id: `${names.label}/${id}`, project: names.project, plant: plant(names), ...rest })),
  );
}

/** One migration. */
export function sql(...statements: readonly string[]): Plant {
  return { kind: "sql", migrations: [statements.join(";\n")] };
}

/** Several migrations, one after the other. */
export function migrations(...each: readonly string[]): Plant {
  return { kind: "sql", migrations: each };
}

/** Run by hand. */
export function byHand(...statements: readonly string[]): Plant {
  return { kind: "catalog", sql: statements.join(";\n") };
}

/** Edits of the schema file in which the table stands. */
export function code(
  { file }: Names,
  ...edits: readonly (readonly [find: string, replace: string])[]
): Plant {
  return { kind: "code", edits: edits.map(([find, replace]): Edit => ({ file, find, replace })) };
}

/** A file of a service; `%{x}` is what a template fills in. */
export function service(text: string): Plant {
  return { kind: "code", edits: [], files: { "service/handler.ts": text.replaceAll("%{", "${") } };
}

/** The first import of each schema file, after which more can stand. */
const FIRST_IMPORT = `import { sql } from "drizzle-orm";`;

/** Edits that make more of Drizzle's words known. */
export function importing(...words: readonly string[]): readonly [string, string] {
  const list = words.map((word) => `${word} as ${word}X`).join(", ");
  return [FIRST_IMPORT, `${FIRST_IMPORT}\nimport { ${list} } from "drizzle-orm/pg-core";`];
}

/** A policy that the schema author wrote beside the tenancy's own. */
export function policyInCode(
  names: Names,
  policy: {
    readonly using?: string;
    readonly check?: string;
    readonly command?: string;
    readonly as?: string;
    readonly to?: string;
  },
): Plant {
  const { using, check, command = "all", as = "permissive", to = names.service } = policy;
  const role = to === "public" ? '"public"' : `pgRoleX(${JSON.stringify(unquoted(to))}).existing()`;
  const parts = [
    `as: "${as}", for: "${command}", to: ${role}`,
    ...(using === undefined ? [] : [`using: sql\`${using}\``]),
    ...(check === undefined ? [] : [`withCheck: sql\`${check}\``]),
  ];
  return code(names, importing("pgPolicy", "pgRole"), [
    names.isolated,
    `${names.isolated}\n    pgPolicyX("extra", { ${parts.join(", ")} }),`,
  ]);
}

/** A name without its quotes. */
export function unquoted(name: string): string {
  return name.replace(/^"|"$/g, "");
}

/** Both policies of services with another expression. */
export function bothPolicies({ table, policies }: Names, using: string, check = using): string {
  return [policies.tenant, policies.floor]
    .map((policy) => `alter policy ${policy} on ${table} using (${using}) with check (${check})`)
    .join(";\n");
}
