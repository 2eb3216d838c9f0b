import type { Logger } from "../../core/logger.js";

/** Which project's embedded server is meant. */
export type EmbeddedOptions = {
  /** The folder of `drizzle.config.ts`; the binaries are looked up from there first. */
  readonly projectDirectory: string;
  /** Where `server.json` and, normally, the data live. Default: `.tenantry` in the project. */
  readonly stateDirectory?: string | undefined;
  /**
   * Where root keeps the data and a copy of the binaries if the unprivileged user cannot enter the project.
   * Default: `/var/lib/tenantry`.
   */
  readonly systemDirectory?: string | undefined;
  readonly logger?: Logger | undefined;
};

/** A running embedded server. */
export type EmbeddedServer = {
  /** The superuser `postgres` in the database `postgres`, with its password: never print it. */
  readonly url: URL;
  readonly port: number;
  readonly dataDirectory: string;
  /** The server's own log. */
  readonly logFile: string;
  /** The postmaster's process id. */
  readonly pid: number;
  /** `18.4`, say. */
  readonly version: string;
  /** False if it runs without fsync. */
  readonly durable: boolean;
  /** True if this very call started it. */
  readonly started: boolean;
};
