import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describeTarget, onDatabase } from "../core/database-url.js";
import { codeOf, TenantryError } from "../core/errors.js";
import { fitIdentifier, quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import type { Database } from "./connect.js";
import { withDatabase } from "./connect.js";

/** The variable under which the service login's URL is kept. */
export const SERVICE_URL_VARIABLE = "SERVICE_DATABASE_URL";

/** A login for services in development. */
export type ServiceLogin = {
  readonly user: string;
  readonly url: URL;
  readonly file: string;
  readonly created: boolean;
};

/**
 * Makes sure that there is a login which is a member of the tenant role and of nothing else, and that its URL is kept in
 * a file that only its owner can read. One that still works is left as it is.
 *
 * @param migrator the URL that `database` was opened with.
 * @throws TenantryError `disk` if the file cannot be written.
 */
export async function ensureServiceLogin(
  database: Database,
  migrator: URL,
  tenantRole: string,
  file: string,
): Promise<ServiceLogin> {
  const user = fitIdentifier(describeTarget(migrator).database, "_service");
  const kept = await readServiceUrl(file);
  if (
    kept !== undefined &&
    describeTarget(kept).user === user &&
    isSameServer(kept, migrator) &&
    (await worksAs(kept, tenantRole))
  ) {
    return { user, url: kept, file, created: false };
  }
  const password = randomBytes(24).toString("base64url");
  await database.begin(async (session) => {
    const [found] = await session`select from pg_roles where rolname = ${user}`;
    const verb = found === undefined ? "create" : "alter";
    await session.unsafe(
      `${verb} role ${quoteIdentifier(user)} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${quoteLiteral(password)}`,
    );
    const others = await session<{ name: string }[]>`
      select pg_get_userbyid(roleid) as name from pg_auth_members
      where member = ${user}::regrole and pg_get_userbyid(roleid) <> ${tenantRole}`;
    for (const { name } of others)
      await session.unsafe(`revoke ${quoteIdentifier(name)} from ${quoteIdentifier(user)}`);
    await session.unsafe(`grant ${quoteIdentifier(tenantRole)} to ${quoteIdentifier(user)}`);
  });
  const url = onDatabase(migrator, describeTarget(migrator).database, { user, password });
  await writeServiceUrl(file, url);
  return { user, url, file, created: true };
}

/** The URL kept in the file, or undefined if there is none that can be read. */
export async function readServiceUrl(file: string): Promise<URL | undefined> {
  try {
    const line = (await readFile(file, "utf8"))
      .split("\n")
      .find((text) => text.startsWith(`${SERVICE_URL_VARIABLE}=`));
    const text = line?.slice(SERVICE_URL_VARIABLE.length + 1).trim();
    return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}

function isSameServer(one: URL, other: URL): boolean {
  const [a, b] = [describeTarget(one), describeTarget(other)];
  return a.host === b.host && a.port === b.port && a.database === b.database;
}

/** A login that works, and is what it should be: bound by row security, and in the tenant role alone. */
async function worksAs(url: URL, tenantRole: string): Promise<boolean> {
  try {
    return await withDatabase(url, { timeoutSeconds: 5 }, async (database) => {
      const [row] = await database<{ sound: boolean }[]>`
        select not rolsuper and not rolbypassrls and not rolcreaterole
               and array(select pg_get_userbyid(roleid)::text from pg_auth_members where member = pg_roles.oid) = array[${tenantRole}::text] as sound
        from pg_roles where rolname = current_user`;
      return row?.sound === true;
    });
  } catch (thrown) {
    if (thrown instanceof TenantryError) return false;
    throw thrown;
  }
}

async function writeServiceUrl(file: string, url: URL): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(
      draft,
      `# A service's login: it sees one tenant's rows at a time, and no more.\n${SERVICE_URL_VARIABLE}=${url.href}\n`,
      {
        mode: 0o600,
      },
    );
    await chmod(draft, 0o600);
    await rename(draft, file);
  } catch (thrown) {
    throw new TenantryError({
      code: "disk",
      message: `The service login could not be kept in ${file}.`,
      hint: "Make room, or make the folder writable, then run the command again.",
      cause: thrown,
    });
  }
}
