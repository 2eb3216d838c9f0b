import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { Context } from "../context.js";

/** Its value encrypts backups, and decrypts them. */
const VARIABLE = "TENANTRY_BACKUP_PASSPHRASE";

/** On both commands. There is none that takes the passphrase itself: every process list would show it. */
export const PASSPHRASE_OPTION = {
  flags: "--passphrase-file <file>",
  description: `encrypt or decrypt with its first line (age format); else with ${VARIABLE}, if that is set`,
};

/**
 * The passphrase for backups, or undefined if there is none: the first line of a file, else a variable.
 *
 * @throws TenantryError `argument-invalid` if the file cannot be read, is not UTF-8, or begins with an empty line.
 */
export async function readPassphrase(
  { variables }: Pick<Context, "variables">,
  file: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return variables[VARIABLE] === "" ? undefined : variables[VARIABLE];
  const refuse = (why: string, cause?: unknown) =>
    new TenantryError({
      code: "argument-invalid",
      message: `The passphrase file ${basename(file)} ${why}.`,
      hint: "Its first line is the passphrase.",
      cause,
    });
  const bytes = await readFile(resolve(file)).catch((thrown: unknown) => {
    throw refuse(`cannot be read: ${messageOf(thrown)}`, thrown);
  });
  const text = decode(bytes);
  if (text === undefined) throw refuse("is not text in UTF-8");
  const [line = ""] = text.split(/[\r\n]/);
  if (line.trim() === "") throw refuse("is empty");
  return line;
}

/** Without a byte order mark, which no one has typed. What is not UTF-8 would all become the same replacement character. */
function decode(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
