import { codeOf } from "../../core/errors.js";
import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import type { Database } from "../../postgres/connect.js";
import type { Manifest } from "../backup-file/manifest.js";
import { explainForbidden } from "./may-not.js";

/**
 * Makes an empty database with the encoding and the locale of a backup's; where the server does not know that locale, as
 * another system or version may not, with the server's own.
 *
 * @throws TenantryError `role-insufficient` for a login without CREATEDB.
 */
export async function createDatabase(
  admin: Database,
  name: string,
  like: Manifest["database"],
  logger: Logger,
): Promise<void> {
  const create = `create database ${quoteIdentifier(name)} template template0 encoding ${quoteLiteral(like.encoding)}`;
  try {
    await admin.unsafe(`${create}${localeOptions(like)}`);
  } catch (thrown) {
    // Of a name, a definition, or an encoding that does not go with a locale; and a provider that the version lacks.
    if (!["22023", "42704", "42809", "42P17", "42601", "0A000"].includes(codeOf(thrown) ?? "")) {
      const hint = "Give it the right (alter role … createdb), or connect as a superuser.";
      throw explainForbidden(thrown, "make a database", hint);
    }
    logger.warn(
      `the server does not know the locale ${like.locale ?? like.collate} of the backup; sorting follows its own`,
      { event: "restore-locale" },
    );
    await admin.unsafe(create);
  }
}

function localeOptions({ provider, collate, ctype, locale }: Manifest["database"]): string {
  const libc = [
    ...(collate === null ? [] : [` lc_collate ${quoteLiteral(collate)}`]),
    ...(ctype === null ? [] : [` lc_ctype ${quoteLiteral(ctype)}`]),
  ].join("");
  if (provider === "i" && locale !== null)
    return ` locale_provider icu icu_locale ${quoteLiteral(locale)}${libc}`;
  if (provider === "b" && locale !== null)
    return ` locale_provider builtin builtin_locale ${quoteLiteral(locale)}${libc}`;
  return ` locale_provider libc${libc}`;
}
