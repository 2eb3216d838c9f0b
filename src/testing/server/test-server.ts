import { parseDatabaseUrl } from "../../core/database-url.js";

/** On which server databases for tests are made. */
export type TestServerOptions = {
  /** A login that may create databases and roles: a superuser, on a server for tests. Default `TEST_DATABASE_URL`. */
  readonly serverUrl?: string | URL;
  /**
   * Where there is no URL: `embedded` is a server without fsync in `node_modules/.cache/tenantry`, which all processes
   * of the project share and which ends by itself; `testcontainers` is one in Docker for each process, of the image
   * `TEST_POSTGRES_IMAGE`. Default `embedded`.
   */
  readonly server?: "embedded" | "testcontainers";
};

/** A server that runs. */
export type TestServer = {
  readonly url: URL;
  /** Of the server that ends by itself. */
  readonly embedded?: { readonly projectDirectory: string; readonly stateDirectory: string };
};

/**
 * The server that the options or `TEST_DATABASE_URL` name, else one that is started.
 *
 * @throws TenantryError `argument-invalid`; `dependency-missing` without the package for containers; as `startEmbedded`.
 * @example (await findTestServer({ server: "embedded" })).url.port
 */
export async function findTestServer(options: TestServerOptions): Promise<TestServer> {
  if (options.serverUrl !== undefined)
    return { url: parseDatabaseUrl(String(options.serverUrl), "serverUrl") };
  const given = process.env.TEST_DATABASE_URL ?? "";
  if (given !== "" && options.server === undefined)
    return { url: parseDatabaseUrl(given, "TEST_DATABASE_URL") };
  // Each is loaded only when it is asked for: of containers most projects have no package.
  if (options.server === "testcontainers") {
    const { startOwnContainer } = await import("./start-container.js");
    return { url: new URL(await startOwnContainer()) };
  }
  const { startEmbeddedForTests } = await import("./start-embedded-for-tests.js");
  return await startEmbeddedForTests();
}
