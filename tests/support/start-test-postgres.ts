import { TenantryError } from "../../src/core/errors.js";
import { startEmbeddedServer } from "./postgres-embedded.js";
import { startContainer } from "./postgres-in-container.js";
import type { RunningServer } from "./running-server.js";

/**
 * Starts the PostgreSQL that `TEST_BACKEND` names: `embedded` (the default), `url` (the superuser of
 * `TEST_DATABASE_URL`), or `testcontainers`.
 *
 * @throws TenantryError `argument-invalid`, and as `startEmbedded`.
 */
export async function startTestPostgres(variables: NodeJS.ProcessEnv): Promise<RunningServer> {
  switch (variables.TEST_BACKEND || "embedded") {
    case "embedded":
      return await startEmbeddedServer();
    case "url":
      return given(variables.TEST_DATABASE_URL);
    case "testcontainers":
      return await startContainer();
    default:
      throw new TenantryError({
        code: "argument-invalid",
        message: `There is no test backend ${variables.TEST_BACKEND}.`,
        hint: "Set TEST_BACKEND to embedded, url or testcontainers.",
      });
  }
}

function given(url: string | undefined): RunningServer {
  if (url === undefined || url === "") {
    throw new TenantryError({
      code: "argument-invalid",
      message: "TEST_BACKEND is url, and TEST_DATABASE_URL is not set.",
      hint: "Set it to a superuser's: postgres://USER:PASSWORD@HOST:PORT/postgres",
    });
  }
  return { url, origin: "TEST_DATABASE_URL", stop: async () => {} };
}
