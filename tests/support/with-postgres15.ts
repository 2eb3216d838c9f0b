// Runs a command with TEST_BACKEND=url on a PostgreSQL 15 of its own, and ends with the command's exit code.
// Usage: jiti tests/support/with-postgres15.ts COMMAND [ARGUMENT…]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { formatError } from "../../src/cli/output.js";
import { startPostgres15 } from "./start-postgres15.js";

/** The command gets them too, from the terminal, and ends by itself; the server must be removed after it. */
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === undefined) throw new Error("no command is given");
  const server = await startPostgres15();
  try {
    const child = spawn(command, args, {
      env: { ...process.env, TEST_BACKEND: "url", TEST_DATABASE_URL: server.url },
      stdio: "inherit",
    });
    process.on("SIGTERM", () => void child.kill("SIGTERM"));
    const [status] = await once(child, "exit");
    return typeof status === "number" ? status : 1;
  } finally {
    await server.stop();
  }
}

run(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (thrown: unknown) => {
    console.error(formatError(thrown));
    process.exit(2);
  },
);
