// Writes docs/cli.md from the definitions of the commands: make docs-cli. With --check it only says whether it is current.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { loadCommands } from "../../src/cli/commands.js";
import { writeCliPage } from "./support/cli-page.js";

const path = fileURLToPath(new URL("../../docs/cli.md", import.meta.url));
const text = writeCliPage(await loadCommands());
const isCurrent = (await readFile(path, "utf8").catch(() => "")) === text;
if (process.argv.includes("--check")) {
  if (!isCurrent) console.error("docs/cli.md is not what the commands say. Run: make docs-cli");
  process.exitCode = isCurrent ? 0 : 1;
} else {
  await writeFile(path, text);
  console.log(isCurrent ? "docs/cli.md is up to date." : "Wrote docs/cli.md");
}
