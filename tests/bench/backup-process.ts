// One backup or one restore, for its time and memory.
import { createBackup } from "../../src/data/backup/create-backup.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { DEFAULT_LEDGER, readFolder } from "../../src/migrate/index.js";

const [act, address = "", out = "", place = "", into = ""] = process.argv.slice(2);
const url = new URL(address);
const project = { out, folder: await readFolder(out), ledger: DEFAULT_LEDGER };
const shadow = { server: new URL("/postgres", url), connect: {} };
const logger = { info: () => {}, warn: (message: string) => process.stderr.write(`${message}\n`) };
if (act === "restore") await restoreBackup({ file: place, url, project, into, isDevelopment: true, logger });
else {
  const options = { url, project, shadow, directory: place, version: "bench", logger };
  const { file } = await createBackup({ ...options, verify: act === "verified" });
  console.log(file);
}
