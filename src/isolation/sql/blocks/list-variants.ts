import type { ParsedStatement } from "../parse-migration.js";
import type { Branch, Choice, Expansion } from "./expand-statements.js";
import { findIsolationWord } from "./isolation-words.js";

/** True for a statement that runs. */
export type IsRun = (statement: ParsedStatement) => boolean;

/**
 * The ways in which a folder may run, each of which must be sound: with all branches of its blocks, and without some;
 * with the first of the functions that a call may mean, and with each of the others.
 */
export function listVariants({ conditional, chosen }: Omit<Expansion, "statements">): IsRun[] {
  return listSelections(chosen).flatMap((isChosen) =>
    branchesToTry(conditional).map(
      (last) => (statement) => (conditional.get(statement) ?? 0) <= last && isChosen(statement),
    ),
  );
}

/**
 * What a block may do or leave must be sound either way: with all, without any branch, and without those that follow one
 * which has to do with isolation. More than a few of these no block has.
 */
function branchesToTry(conditional: ReadonlyMap<ParsedStatement, Branch>): number[] {
  if (conditional.size === 0) return [Number.POSITIVE_INFINITY];
  const telling = [...conditional].flatMap(([{ text }, branch]) =>
    findIsolationWord(text) === undefined ? [] : [branch],
  );
  return [Number.POSITIVE_INFINITY, 0, ...[...new Set(telling)].slice(0, 8)];
}

/** One call at a time means another function than the first, wherever it stands. */
function listSelections(chosen: ReadonlyMap<ParsedStatement, readonly Choice[]>): IsRun[] {
  const others = new Map<string, Choice>();
  for (const choice of [...chosen.values()].flat()) {
    if (choice.option > 0) others.set(JSON.stringify(choice), choice);
  }
  return [undefined, ...others.values()].map((other) => (statement) => {
    const choices = chosen.get(statement) ?? [];
    return choices.every(({ call, option }) => option === (call === other?.call ? other.option : 0));
  });
}
