import { decodeUrlPart } from "./decode-url-part.js";
import { escapeOption } from "./escape-option.js";
import type { PasswordEntry } from "./password-file.js";

/** Parameters of a URL that libpq also takes from a variable. */
const VARIABLES: Readonly<Record<string, string>> = {
  application_name: "PGAPPNAME",
  channel_binding: "PGCHANNELBINDING",
  client_encoding: "PGCLIENTENCODING",
  connect_timeout: "PGCONNECT_TIMEOUT",
  gssencmode: "PGGSSENCMODE",
  krbsrvname: "PGKRBSRVNAME",
  load_balance_hosts: "PGLOADBALANCEHOSTS",
  require_auth: "PGREQUIREAUTH",
  requirepeer: "PGREQUIREPEER",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  sslcert: "PGSSLCERT",
  sslcertmode: "PGSSLCERTMODE",
  sslcompression: "PGSSLCOMPRESSION",
  sslcrl: "PGSSLCRL",
  sslcrldir: "PGSSLCRLDIR",
  sslkey: "PGSSLKEY",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslrootcert: "PGSSLROOTCERT",
  sslsni: "PGSSLSNI",
  target_session_attrs: "PGTARGETSESSIONATTRS",
};

/** Parameters that only mean something to postgres.js's pool. */
const POOL_ONLY: ReadonlySet<string> = new Set([
  ...["max", "idle_timeout", "max_lifetime", "max_pipeline", "backoff", "keep_alive", "prepare"],
  ...["debug", "fetch_types", "publications"],
]);

/** Parameters of libpq that have no variable, or that would name another server or hold a secret. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  ...["host", "hostaddr", "port", "dbname", "user", "password", "passfile", "sslpassword", "service"],
  ...["fallback_application_name", "replication", "keepalives", "keepalives_idle", "keepalives_interval"],
  ...["keepalives_count", "tcp_user_timeout", "gsslib", "gssdelegation"],
]);

/** What would take psql elsewhere than the URL says; a service file even wins over PGHOST. */
const REPLACED = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE"];

/** A connection as libpq's variables say it, and the password apart from them. */
export type LibpqConnection = {
  /** The inherited variables with the connection's own in their place. */
  readonly variables: NodeJS.ProcessEnv;
  readonly password: PasswordEntry | undefined;
  /** Names of parameters that could not be passed on. */
  readonly ignored: readonly string[];
};

/**
 * What psql needs to connect where postgres.js would. As there, PGHOST and its like fill what the URL leaves open, and
 * a parameter that nobody knows is a setting of the session.
 *
 * @param settings settings of the session, which win over the URL's.
 * @example libpqConnection(new URL("postgres://me:pw@db/app?sslmode=require"), {}, {}).variables
 * // { PGHOST: "db", PGPORT: "5432", PGUSER: "me", PGDATABASE: "app", PGSSLMODE: "require" }
 */
export function libpqConnection(
  url: URL,
  inherited: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): LibpqConnection {
  const or = (part: string, ...names: readonly string[]) =>
    [decodeUrlPart(part), ...names.map((name) => inherited[name])].find(
      (value) => value !== undefined && value !== "",
    );
  const host = or(url.hostname.replace(/^\[(.*)\]$/, "$1"), "PGHOST") ?? "localhost";
  const port = or(url.port, "PGPORT") ?? "5432";
  const user = or(url.username, "PGUSERNAME", "PGUSER");
  const password = or(url.password, "PGPASSWORD");
  const database = or(url.pathname.slice(1), "PGDATABASE") ?? user;

  const variables: NodeJS.ProcessEnv = { ...inherited };
  for (const name of REPLACED) delete variables[name];
  Object.assign(variables, { PGHOST: host, PGPORT: port });
  if (user !== undefined) variables.PGUSER = user;
  if (database !== undefined) variables.PGDATABASE = database;

  const options = [inherited.PGOPTIONS ?? ""];
  const ignored: string[] = [];
  for (const [name, value] of url.searchParams) {
    const variable = VARIABLES[name];
    if (variable !== undefined) variables[variable] = value;
    else if (name === "ssl") variables.PGSSLMODE = sslMode(value);
    else if (name === "options") options.push(value);
    else if (NOT_PASSED.has(name)) ignored.push(name);
    else if (!POOL_ONLY.has(name)) options.push(`-c ${escapeOption(`${name}=${value}`)}`);
  }
  // The last one wins.
  for (const [name, value] of Object.entries(settings))
    options.push(`-c ${escapeOption(`${name}=${value}`)}`);
  const given = options.filter((option) => option !== "").join(" ");
  if (given !== "") variables.PGOPTIONS = given;

  return {
    variables,
    password: password === undefined ? undefined : { hosts: host.split(","), port, user, password },
    ignored,
  };
}

/** `ssl=true` is how JDBC and postgres.js say it; libpq reads it as `require`, too. */
function sslMode(value: string): string {
  if (value === "true") return "require";
  return value === "false" ? "disable" : value;
}
