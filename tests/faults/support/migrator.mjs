// A migrator in a process of its own, to be killed: node migrator.mjs <url> <folder>. The built package, as a program
// would use it. Its last line says how it went; what is no TenantryError is a bug, and ends it with 70.
import { applyMigrations, DEFAULT_LEDGER, readFolder } from "../../../dist/src/migrate/index.js";

const [url, folder] = process.argv.slice(2);
const { LOCK_BUDGET_SECONDS } = process.env;
const log = (message) => process.stderr.write(`${message}\n`);
try {
  const { applied } = await applyMigrations({
    url: new URL(url),
    folder: await readFolder(folder),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
    lockWaitSeconds: 120,
    timeouts: LOCK_BUDGET_SECONDS === undefined ? {} : { retryFor: Number(LOCK_BUDGET_SECONDS) * 1000 },
    logger: { info: log, warn: log },
  });
  console.log(JSON.stringify({ applied: applied.map(({ name }) => name) }));
} catch (thrown) {
  const isMistake = typeof thrown === "object" && thrown !== null && Symbol.for("tenantry.error") in thrown;
  console.log(
    JSON.stringify({ code: isMistake ? thrown.code : "bug", message: String(thrown?.stack ?? thrown) }),
  );
  process.exitCode = isMistake ? 2 : 70;
}
