/** The layers of the proof chain that look at a project without running a service, the earliest first. */
export const LAYERS = ["code", "sql", "catalog", "probe"] as const;

/** One of {@link LAYERS}. */
export type Layer = (typeof LAYERS)[number];

/** This repository's schema, or the fixture, which is shaped differently in every way. */
export type ProjectName = "own" | "other";

/** A replacement in a copy of the project's sources; what it replaces must stand there exactly once. Nothing: the end. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

/** How a change gets into a project. */
export type Plant =
  | {
      readonly kind: "code";
      readonly edits: readonly Edit[];
      /** Further files, such as a service's, by their paths. */
      readonly files?: Readonly<Record<string, string>>;
    }
  /** Migrations after the project's own. */
  | { readonly kind: "sql"; readonly migrations: readonly string[] }
  /** What somebody ran on the database by hand, as superuser. */
  | { readonly kind: "catalog"; readonly sql: string };

/** A fault that must be found, or, if it is clean, a change that looks like one and must not be. */
export type Mutant = {
  readonly id: string;
  /** The numbers in the catalogue of leaks. */
  readonly threats: readonly number[];
  readonly project: ProjectName;
  readonly clean?: true;
  readonly plant: Plant;
  /** Layers that cannot see this one by its nature, and why. */
  readonly unseenBy?: Readonly<Partial<Record<Layer, string>>>;
};

/** Which numbers of the catalogue can be seen in code or SQL, in the catalog, and by a probe. */
const MARKED: Readonly<Record<"seen" | "catalog" | "probed", ReadonlySet<number>>> = {
  seen: new Set([
    1, 2, 5, 7, 8, 12, 13, 14, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 33, 46, 47, 48, 50, 51, 59, 62, 63,
    71, 78, 79, 80, 81, 86, 87,
  ]),
  catalog: new Set([
    1, 2, 3, 4, 5, 6, 8, 10, 11, 15, 17, 18, 20, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 62, 63, 64, 68, 69, 79, 84, 85,
  ]),
  probed: new Set([
    5, 6, 7, 8, 13, 16, 21, 22, 25, 28, 32, 33, 41, 46, 50, 59, 60, 61, 62, 63, 72, 73, 74, 77, 81, 82, 83,
    85,
  ]),
};

/** Every number that is marked in one way or another. */
export const ALL_MARKED: readonly number[] = [
  ...new Set([...MARKED.seen, ...MARKED.catalog, ...MARKED.probed]),
].sort((a, b) => a - b);

/**
 * The layers that a change is shown to. A fault that is made by hand is shown to the rules over SQL as well, to learn
 * whether they would have found it in a migration; what is harmless by hand may be odd in a migration. Probes take their
 * time, and attack what they are made for.
 */
export function shownTo(mutant: Mutant): readonly Layer[] {
  const { plant, clean } = mutant;
  if (plant.kind === "code") return ["code"];
  const asked = mustBeFoundBy(mutant);
  return [
    ...(plant.kind === "catalog" && clean === true ? [] : ["sql" as const]),
    "catalog",
    ...(asked.includes("probe") ? ["probe" as const] : []),
  ];
}

/**
 * The layers that must find it: those that its form is made for and that the catalogue says can see one of its numbers.
 * What others find besides is told, and not asked for.
 */
export function mustBeFoundBy(mutant: Mutant): readonly Layer[] {
  const has = (marks: ReadonlySet<number>) => mutant.threats.some((threat) => marks.has(threat));
  const asked: readonly (Layer | undefined)[] =
    mutant.plant.kind === "code"
      ? ["code"]
      : [
          mutant.plant.kind === "sql" && has(MARKED.seen) ? "sql" : undefined,
          has(MARKED.catalog) ? "catalog" : undefined,
          has(MARKED.probed) ? "probe" : undefined,
        ];
  return asked
    .filter((layer) => layer !== undefined)
    .filter((layer) => mutant.unseenBy?.[layer] === undefined);
}
