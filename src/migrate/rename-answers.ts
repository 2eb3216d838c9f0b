import { TenantryError } from "../core/errors.js";

/** What a person has said about renames, by the new thing's label (`documents.heading`, `kb.articles`). */
export type RenameAnswers = {
  /** New label → old label. */
  readonly renames: ReadonlyMap<string, string>;
  /** Labels of things that are new, whatever looks alike. */
  readonly creates: ReadonlySet<string>;
};

/** Nobody has said anything. */
export const NO_ANSWERS: RenameAnswers = { renames: new Map(), creates: new Set() };

/**
 * Reads `--rename old=new` and `--create new` flags.
 *
 * @throws TenantryError `argument-invalid` if one is not of that form, or a thing is both renamed and created.
 * @example parseRenameAnswers(["documents.title=documents.heading"], ["articles"])
 */
export function parseRenameAnswers(renames: readonly string[], creates: readonly string[]): RenameAnswers {
  const byNew = new Map<string, string>();
  for (const text of renames) {
    const [from, to, ...more] = text.split("=");
    if (from === undefined || from === "" || to === undefined || to === "" || more.length > 0) {
      throw new TenantryError({
        code: "argument-invalid",
        message: `--rename ${text} is not of the form old=new.`,
        hint: "Write, for example, --rename documents.title=documents.heading or --rename articles=documents.",
      });
    }
    byNew.set(to, from);
  }
  const both = creates.find((label) => byNew.has(label));
  if (both !== undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${both} is given to both --rename and --create.`,
      hint: "Keep the one that is true.",
    });
  }
  return { renames: byNew, creates: new Set(creates) };
}
