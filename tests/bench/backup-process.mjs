// One backup or one restore, for its time and memory: the built package, as the commands use it.
import { createBackup } from "../../dist/src/data/backup/create-backup.js";
import { restoreBackup } from "../../dist/src/data/restore/restore-backup.js";
import { DEFAULT_LEDGER, readFolder } from "../../dist/src/migrate/index.js";

const [act, address, out, where, into] = process.argv.slice(2);
const url = new URL(address);
const project = { out, folder: await readFolder(out), ledger: DEFAULT_LEDGER };
const shadow = { server: new URL("/postgres", url), connect: {} };
const logger = { info: () => {}, warn: (message) => process.stderr.write(`${message}\n`) };
if (act === "restore") await restoreBackup({ file: where, url, project, into, isDevelopment: true, logger });
else {
  const options = { url, project, shadow, directory: where, version: "bench", logger };
  const { file } = await createBackup({ ...options, verify: act === "verified" });
  console.log(file);
}
