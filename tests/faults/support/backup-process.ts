// Takes or restores a backup, until it is killed: backup URL FOLDER DIRECTORY, or restore URL FOLDER FILE INTO [DIRECTORY].
import { createBackup } from "../../../src/data/backup/create-backup.js";
import { restoreBackup } from "../../../src/data/restore/restore-backup.js";
import { DEFAULT_LEDGER, readFolder } from "../../../src/migrate/index.js";

const [act, address = "", out = "", place = "", into = "", directory] = process.argv.slice(2);
const url = new URL(address);
const project = { out, folder: await readFolder(out), ledger: DEFAULT_LEDGER };
const shadow = { server: new URL("/postgres", url), connect: {} };
const backUp = (from: URL, to: string) =>
  createBackup({ url: from, project, shadow, directory: to, verify: false, version: "0" });
process.stdout.write("begun\n");
if (act === "backup") await backUp(url, place);
else {
  const replace =
    directory === undefined ? {} : { replace: { backUp: (from: URL) => backUp(from, directory) } };
  await restoreBackup({ file: place, url, project, into, isDevelopment: true, ...replace });
}
process.stdout.write("done\n");
