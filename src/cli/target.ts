import { onDatabase, parseDatabaseUrl } from "../core/database-url.js";
import { TenantryError } from "../core/errors.js";
import type { ConnectOptions } from "../postgres/connect.js";
import { readEmbedded } from "../postgres/embedded/read-embedded.js";
import { startEmbedded } from "../postgres/embedded/start-embedded.js";
import type { Context } from "./context.js";

/** The project's database on its embedded server; the same in every project, so that a renamed folder loses nothing. */
const EMBEDDED_DATABASE = "app";

/** The database that a command works on, by the migrator's login. */
export type Target = {
  readonly url: URL;
  /** True if it is on the server that tenantry itself runs. */
  readonly embedded: boolean;
  readonly connect: ConnectOptions;
};

/**
 * The database to work on: `--database-url`, else `DATABASE_URL`, else, in development, the embedded server, started
 * when it does not run.
 *
 * @throws TenantryError `argument-invalid` if there is none outside development.
 */
export async function resolveTarget(context: Context): Promise<Target> {
  const { databaseUrl, databaseUrlName: urlName } = context;
  if (databaseUrl !== undefined && databaseUrl !== "") {
    return { url: parseDatabaseUrl(databaseUrl, urlName), embedded: false, connect: { urlName } };
  }
  if (context.environment !== "development") {
    throw new TenantryError({
      code: "argument-invalid",
      message: `DATABASE_URL is not set, and the environment is ${context.environment}.`,
      hint: "Set DATABASE_URL to the migrator's login: direct, not through a pooler. Only development has a server of its own.",
    });
  }
  const server = await startEmbedded({ projectDirectory: context.directory, logger: context.logger });
  return embeddedTarget(server.url);
}

function embeddedTarget(server: URL): Target {
  return {
    url: onDatabase(server, EMBEDDED_DATABASE),
    embedded: true,
    connect: { urlName: "the embedded server's URL" },
  };
}

/**
 * The same without starting anything: undefined where it would be the embedded server, and that does not run.
 *
 * @throws TenantryError as {@link resolveTarget}.
 */
export async function findTarget(context: Context): Promise<Target | undefined> {
  const given = context.databaseUrl !== undefined && context.databaseUrl !== "";
  if (given || context.environment !== "development") return await resolveTarget(context);
  const server = await readEmbedded({ projectDirectory: context.directory });
  return server === undefined ? undefined : embeddedTarget(server.url);
}

/**
 * A server on which throw-away databases may be made: `SHADOW_DATABASE_URL`, else, in development and in CI, the embedded
 * server, started when it does not run.
 *
 * @throws TenantryError `argument-invalid` if there is none elsewhere.
 */
export async function resolveShadowServer(context: Context): Promise<URL> {
  const given = context.variables.SHADOW_DATABASE_URL;
  if (given !== undefined && given !== "") return parseDatabaseUrl(given, "SHADOW_DATABASE_URL");
  if (context.environment !== "development" && !isInCi(context.variables.CI)) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `SHADOW_DATABASE_URL is not set, and the environment is ${context.environment}.`,
      hint: "Set SHADOW_DATABASE_URL to a server on which throw-away databases and roles may be made; never to this one. Only development and CI have a server of their own.",
    });
  }
  const server = await startEmbedded({ projectDirectory: context.directory, logger: context.logger });
  return server.url;
}

/** As most CI services say it. */
function isInCi(variable: string | undefined): boolean {
  return variable !== undefined && !["", "0", "false"].includes(variable.toLowerCase());
}
