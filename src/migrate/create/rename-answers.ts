import { TenantryError } from "../../core/errors.js";

/** What a person has said about renames. */
export type RenameAnswers = {
  /** `old=new`, by the labels of both (`documents.title=documents.heading`, `kb.articles=kb.pages`). */
  readonly renames: readonly string[];
  /** Labels of things that are new, whatever looks alike. */
  readonly creates: readonly string[];
};

/** Nobody has said anything. */
export const NO_ANSWERS: RenameAnswers = { renames: [], creates: [] };

/**
 * Checks the values of `--rename old=new` and `--create new` flags.
 *
 * @throws TenantryError `argument-invalid` if one is not of that form, or a thing is renamed twice, or renamed and created.
 * @example parseRenameAnswers(["documents.title=documents.heading"], ["articles"])
 */
export function parseRenameAnswers(renames: readonly string[], creates: readonly string[]): RenameAnswers {
  for (const text of renames) {
    if (/.=./s.test(text)) continue;
    throw new TenantryError({
      code: "argument-invalid",
      message: `--rename ${text} is not of the form old=new.`,
      hint: "Write, for example, --rename documents.title=documents.heading or --rename articles=documents.",
    });
  }
  const both = creates.find((label) => renames.some((text) => text.endsWith(`=${label}`)));
  if (both !== undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${both} is given to both --rename and --create.`,
      hint: "Keep the one that is true.",
    });
  }
  const targets = renames.map((text) => text.slice(text.indexOf("=") + 1));
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined && new Set(renames).size === renames.length) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${twice} is said to be renamed from more than one thing.`,
      hint: "Keep the --rename that is true.",
    });
  }
  return { renames: [...new Set(renames)], creates: [...new Set(creates)] };
}

/**
 * Refuses answers to which there was no question: most likely a name is mistyped.
 *
 * @param used the texts of the answers that were needed.
 * @throws TenantryError `argument-invalid` naming each of them.
 */
export function refuseUnused(answers: RenameAnswers, used: ReadonlySet<string>): void {
  const unused = [
    ...answers.renames.filter((text) => !used.has(text)).map((text) => `--rename ${text}`),
    ...answers.creates.filter((text) => !used.has(text)).map((text) => `--create ${text}`),
  ];
  if (unused.length === 0) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `Nothing in the schema is new in that way: ${unused.join(", ")}.`,
    hint: "Leave the flag out, or correct the name: a column is TABLE.COLUMN, by the table's new name.",
  });
}
