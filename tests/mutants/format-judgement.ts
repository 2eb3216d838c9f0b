import { formatTable } from "../../src/cli/format-table.js";
import type { Judgement, Score } from "./judge-verdicts.js";
import { LAYERS } from "./mutant.js";
import type { Survivor } from "./survivors.js";

/** The tables that a run prints. */
export function formatJudgement(judgement: Judgement, listed: readonly Survivor[]): string {
  const { killed, alarms, overall, overallAlarms, atOnce, survivors, falseAlarms, earliest } = judgement;
  const rows = [
    ...LAYERS.map((layer) => [layer, show(killed[layer]), show(alarms[layer])]),
    ["any layer", show(overall), show(overallAlarms)],
    ["the earliest that can", show(atOnce), ""],
  ];
  const byLayer = [...LAYERS, undefined].map((layer) => [
    layer ?? "none",
    [...earliest]
      .filter(([, at]) => at === layer)
      .map(([threat]) => threat)
      .join(" "),
  ]);
  return [
    formatTable({ headings: ["layer", "killed", "false alarms"], rows }),
    "",
    "earliest layer that finds one, by the number in the catalogue of leaks:",
    formatTable({ headings: ["layer", "numbers"], rows: byLayer }),
    "",
    `survivors (${survivors.length}):`,
    ...survivors.map(({ id, layer }) => {
      const reason = listed.find((one) => one.id === id && one.layer === layer)?.reason ?? "NOT LISTED";
      return `  ${id} (${layer}): ${reason}`;
    }),
    `false alarms (${falseAlarms.length}):`,
    ...falseAlarms.map(({ id, layer, finding }) => `  ${id} (${layer}): ${finding}`),
  ].join("\n");
}

function show({ hit, of }: Score): string {
  return `${hit} / ${of}`;
}
