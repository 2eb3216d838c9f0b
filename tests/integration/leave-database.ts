/** A test process that makes a database, says its name, and goes on until it is killed. */
import { createTestDatabase } from "../../src/testing/index.js";

const [serverUrl = "", prefix = ""] = process.argv.slice(2);
const { name } = await createTestDatabase({ serverUrl, prefix });
process.stdout.write(name);
setInterval(() => {}, 60_000);
