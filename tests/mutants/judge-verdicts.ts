import type { Layer, Mutant } from "./mutant.js";
import { ALL_MARKED, LAYERS, mustBeFoundBy } from "./mutant.js";
import type { Verdict } from "./run-mutants.js";
import type { Survivor } from "./survivors.js";

/** Killed and asked for, or false alarms and near-misses. */
export type Score = { readonly hit: number; readonly of: number };

/** What a run has shown. */
export type Judgement = {
  readonly killed: Readonly<Record<Layer, Score>>;
  /** By at least one layer, asked or not. */
  readonly overall: Score;
  /** By the earliest layer of those that are asked. */
  readonly atOnce: Score;
  readonly alarms: Readonly<Record<Layer, Score>>;
  readonly overallAlarms: Score;
  /** Faults that a layer was asked to find and did not, whether they are listed or not. */
  readonly survivors: readonly { readonly id: string; readonly layer: Layer; readonly listed: boolean }[];
  readonly falseAlarms: readonly { readonly id: string; readonly layer: Layer; readonly finding: string }[];
  /** The earliest layer that has found one, for each number; undefined if none has. */
  readonly earliest: ReadonlyMap<number, Layer | undefined>;
  /** Whatever fails the run, each in a line. */
  readonly problems: readonly string[];
};

/** Weighs what the layers have found against what they are asked to find. */
export function judgeVerdicts(verdicts: readonly Verdict[], listed: readonly Survivor[]): Judgement {
  const faults = verdicts.filter(({ mutant, failure }) => mutant.clean !== true && failure === undefined);
  const nearMisses = verdicts.filter(({ mutant, failure }) => mutant.clean === true && failure === undefined);
  const isListed = (id: string, layer: Layer) => listed.some((one) => one.id === id && one.layer === layer);
  const survivors = faults.flatMap((verdict) =>
    asked(verdict)
      .filter((layer) => verdict.found[layer]?.length === 0)
      .map((layer) => ({ id: verdict.mutant.id, layer, listed: isListed(verdict.mutant.id, layer) })),
  );
  const falseAlarms = nearMisses.flatMap(({ mutant, found }) =>
    LAYERS.flatMap((layer) => (found[layer] ?? []).map((finding) => ({ id: mutant.id, layer, finding }))),
  );
  return {
    killed: byLayer((layer) => {
      const of = faults.filter((verdict) => asked(verdict).includes(layer));
      return { hit: of.filter(({ found }) => isFound(found[layer])).length, of: of.length };
    }),
    overall: {
      hit: faults.filter(({ found }) => Object.values(found).some(isFound)).length,
      of: faults.length,
    },
    atOnce: {
      hit: faults.filter((verdict) => isFound(verdict.found[asked(verdict)[0] ?? "code"])).length,
      of: faults.length,
    },
    alarms: byLayer((layer) => {
      const of = nearMisses.filter(({ found }) => found[layer] !== undefined);
      return { hit: of.filter(({ found }) => isFound(found[layer])).length, of: of.length };
    }),
    overallAlarms: { hit: new Set(falseAlarms.map(({ id }) => id)).size, of: nearMisses.length },
    survivors,
    falseAlarms,
    earliest: new Map(ALL_MARKED.map((threat) => [threat, earliestOf(threat, faults)])),
    problems: [
      ...verdicts.flatMap(({ mutant, failure }) =>
        failure === undefined ? [] : [`${mutant.id} could not be planted: ${failure}`],
      ),
      ...survivors.filter((one) => !one.listed).map(({ id, layer }) => `${id} survives the layer ${layer}`),
      ...listed
        .filter(({ id, layer }) => !survivors.some((one) => one.id === id && one.layer === layer))
        .map(({ id, layer }) => `${id} is listed as a survivor of the layer ${layer}, and is none`),
      ...falseAlarms.map(
        ({ id, layer, finding }) => `${id} is clean, and the layer ${layer} says ${finding}`,
      ),
      ...findGaps(verdicts.map(({ mutant }) => mutant)),
    ],
  };
}

/** The layers that have looked at it and are asked to find it. */
function asked({ mutant, found }: Verdict): readonly Layer[] {
  return mustBeFoundBy(mutant).filter((layer) => found[layer] !== undefined);
}

function isFound(findings: readonly string[] | undefined): boolean {
  return findings !== undefined && findings.length > 0;
}

function byLayer(score: (layer: Layer) => Score): Record<Layer, Score> {
  return { code: score("code"), sql: score("sql"), catalog: score("catalog"), probe: score("probe") };
}

function earliestOf(threat: number, faults: readonly Verdict[]): Layer | undefined {
  const of = faults.filter(({ mutant }) => mutant.threats.includes(threat));
  return LAYERS.find((layer) => of.some(({ found }) => isFound(found[layer])));
}

/** Numbers without a fault or a near-miss in one of the projects, ids given twice, and faults that nobody must find. */
function findGaps(mutants: readonly Mutant[]): string[] {
  const ids = mutants.map(({ id }) => id);
  const gaps = ALL_MARKED.flatMap((threat) =>
    (["own", "other"] as const).flatMap((project) => {
      const of = mutants.filter((mutant) => mutant.project === project && mutant.threats.includes(threat));
      return [
        ...(of.some(({ clean }) => clean !== true)
          ? []
          : [`${threat} has no fault in the ${project} schema`]),
        ...(of.some(({ clean }) => clean === true)
          ? []
          : [`${threat} has no near-miss in the ${project} schema`]),
      ];
    }),
  );
  return [
    ...gaps,
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} is there twice`),
    ...mutants
      .filter((mutant) => mutant.clean !== true && mustBeFoundBy(mutant).length === 0)
      .map(({ id }) => `${id} must be found by nobody`),
  ];
}
