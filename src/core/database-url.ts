import { TenantryError } from "./errors.js";

/** The parts of a connection string that may be shown: never the password. */
export type ConnectionTarget = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
};

const POSTGRES_PORT = 5432;

/**
 * A PostgreSQL URL, parsed.
 *
 * @param name what to call it in an error, such as `DATABASE_URL`.
 * @throws TenantryError `argument-invalid` without repeating the text, which may hold a password.
 * @example parseDatabaseUrl("postgres://me@localhost/app", "DATABASE_URL").pathname // "/app"
 */
export function parseDatabaseUrl(text: string, name: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if ((url.protocol === "postgres:" || url.protocol === "postgresql:") && canDecode(url)) return url;
  }
  throw new TenantryError({
    code: "argument-invalid",
    message: `${name} is not a PostgreSQL URL.`,
    hint: `Write ${name} as postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.`,
  });
}

/** What of a URL may be shown to people and logs. */
export function describeTarget(url: URL): ConnectionTarget {
  const database = decodeURIComponent(url.pathname.slice(1));
  const user = decodeURIComponent(url.username);
  return {
    host: url.hostname === "" ? "localhost" : url.hostname,
    port: url.port === "" ? POSTGRES_PORT : Number(url.port),
    database: database === "" ? user : database,
    user,
  };
}

/**
 * The option that names a URL's database to postgres.js, which would take `my%20app` for the name. None where the URL has none:
 * PGDATABASE or the login's name is taken then.
 */
export function databaseOption({ pathname }: URL): { readonly database?: string } {
  return pathname.length > 1 ? { database: decodeURIComponent(pathname.slice(1)) } : {};
}

/** The same URL for another database, and, if given, another login. */
export function onDatabase(url: URL, database: string, login?: { user: string; password: string }): URL {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  if (login !== undefined) {
    other.username = encodeURIComponent(login.user);
    other.password = encodeURIComponent(login.password);
  }
  return other;
}

function canDecode(url: URL): boolean {
  try {
    decodeURIComponent(`${url.username}${url.password}${url.pathname}`);
    return true;
  } catch {
    return false;
  }
}
