// Takes or restores a backup, until it is killed: backup URL FOLDER DIRECTORY, or restore URL FOLDER FILE INTO [DIRECTORY].
import { createBackup } from "../../../dist/src/data/backup/create-backup.js";
import { restoreBackup } from "../../../dist/src/data/restore/restore-backup.js";
import { DEFAULT_LEDGER, readFolder } from "../../../dist/src/migrate/index.js";

const [act, address, out, fourth, into, directory] = process.argv.slice(2);
const url = new URL(address);
const project = { out, folder: await readFolder(out), ledger: DEFAULT_LEDGER };
const shadow = { server: new URL("/postgres", url), connect: {} };
const backUp = (from, into) =>
  createBackup({ url: from, project, shadow, directory: into, verify: false, version: "0" });
process.stdout.write("begun\n");
if (act === "backup") await backUp(url, fourth);
else {
  const replace = directory === undefined ? {} : { replace: { backUp: (from) => backUp(from, directory) } };
  await restoreBackup({ file: fourth, url, project, into, isDevelopment: true, ...replace });
}
process.stdout.write("done\n");
