import { createTestDatabase } from "../../src/testing/index.js";
import { measure, median } from "./measure.js";

const CLONES = 30;

/**
 * What `createTestDatabase()` takes: the first time on a server, where it makes the template by applying all migrations,
 * and from then on, where it clones it; with the logins and the connections of both roles each time.
 *
 * @param serverUrl a server on which nobody has made a template yet, as superuser.
 */
export async function measureCloneCost(serverUrl: string): Promise<string> {
  const drops: (() => Promise<void>)[] = [];
  const create = async () => {
    const database = await createTestDatabase({ serverUrl });
    drops.push(() => database.drop());
  };
  const first = await measure(1, create);
  const clones = await measure(CLONES, create);
  for (const drop of drops) await drop();
  const row = (name: string, times: readonly number[]) =>
    `| ${name} | ${median(times).toFixed(0)} | ${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)} | ${times.length} |`;
  return [
    "| `createTestDatabase()` | median, ms | fastest–slowest | runs |",
    "|---|---|---|---|",
    row("the first of a server", first.times),
    row("each after it", clones.times),
    "",
  ].join("\n");
}
