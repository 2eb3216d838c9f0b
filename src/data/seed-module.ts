import type { getGeneratorsFunctions } from "drizzle-seed";
import { TenantryError } from "../core/errors.js";

/** drizzle-seed's generators: `f.fullName()`, `f.valuesFromArray({ values })`, … */
export type SeedGenerators = ReturnType<typeof getGeneratorsFunctions>;

/** Any of them. */
export type SeedGenerator = ReturnType<SeedGenerators[keyof SeedGenerators]>;

/** The creator whose rows are to be made. */
export type SeedCreator = {
  /** The tenant id, as text. */
  readonly id: string;
  /** 0 for the first creator of a run. */
  readonly index: number;
  /** What `--count` asks for. */
  readonly count: number;
};

/** A row by the property names of the Drizzle table. */
export type SeedRow = Readonly<Record<string, unknown>>;

/** What is realistic for one table. */
export type SeedTable = {
  /** Rows for one creator. Default `--count`. Always 1 for the tenant root. */
  readonly count?: number;
  /** Generators by property name; false leaves a column to the database. */
  readonly columns?: Readonly<Record<string, SeedGenerator | false>>;
  /**
   * Makes the columns of a row fit together, last of all: keys are set. `random` is deterministic, 0 to below 1; use no
   * other, and no clock, so that the same seed makes the same rows.
   */
  readonly finish?: (row: SeedRow, at: { readonly index: number; readonly random: () => number }) => SeedRow;
};

/**
 * The export `seed` of the module that `defineTenancy({ seed })` names: what is realistic, by the names under which the
 * schema exports its tables. The tenant column, ids and foreign keys are not its business.
 *
 * @example
 * export const seed = (f: SeedGenerators, { count }: SeedCreator) => ({
 *   documents: { count: count * 2, columns: { title: f.companyName() } },
 * });
 */
export type SeedModule = (
  f: SeedGenerators,
  creator: SeedCreator,
) => Readonly<Record<string, SeedTable | undefined>>;

/**
 * Takes the seed function out of a loaded module.
 *
 * @param file what to call it in an error.
 * @throws TenantryError `config-invalid`
 */
export function parseSeedModule(module: unknown, file: string): SeedModule {
  const found = typeof module === "object" && module !== null && "seed" in module ? module.seed : undefined;
  if (typeof found === "function") return found as SeedModule;
  throw new TenantryError({
    code: "config-invalid",
    message: `${file} exports no function \`seed\`.`,
    hint: "Write: export const seed = (f, { count }) => ({ documents: { columns: { title: f.companyName() } } });",
  });
}
