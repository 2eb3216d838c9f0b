import { TenantryError } from "../../../core/errors.js";
import type { InstalledPgDump } from "./find-pg-dumps.js";

/**
 * The pg_dump for a server (pure): that of its own version, else the oldest of the newer ones. An older one would refuse the
 * server after it has connected.
 *
 * @throws TenantryError `dependency-missing` saying which ones there are.
 * @example choosePgDump([{ path: "/usr/bin/pg_dump", version: "15.20", major: 15 }], 15).path // "/usr/bin/pg_dump"
 */
export function choosePgDump(installed: readonly InstalledPgDump[], serverMajor: number): InstalledPgDump {
  const [chosen] = installed
    .filter(({ major }) => major >= serverMajor)
    .sort((one, other) => one.major - other.major);
  if (chosen !== undefined) return chosen;
  throw new TenantryError({
    code: "dependency-missing",
    message:
      installed.length === 0
        ? "There is no pg_dump on this machine."
        : `Every pg_dump on this machine is older than the server, which is PostgreSQL ${serverMajor}.`,
    details: installed.map(({ path, version }) => `${path} is ${version}`),
    hint: `Install that of PostgreSQL ${serverMajor} or newer (Debian: postgresql-client-${serverMajor}), or leave --format out: that needs nothing installed.`,
  });
}
