import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findFreePort } from "../../src/postgres/embedded/free-port.js";
import type { RunningServer } from "./running-server.js";

/** Runs Redis until its input ends, which happens when this process does, however it ends; then removes its folder. */
const UNTIL_INPUT_ENDS = `exec 3<&0
folder=$1; shift
"$@" & server=$!
{ read -r _ <&3; kill "$server"; } >/dev/null 2>&1 &
wait "$server"
rm -rf -- "$folder"`;

const ATTEMPTS = 5;

/** Starts this Redis or Valkey, for this process alone: a free port of 127.0.0.1, nothing kept on disk. */
export async function startRedisProcess(program: string): Promise<RunningServer> {
  let output = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const directory = await mkdtemp(join(tmpdir(), "tenantry-test-redis-"));
    const port = await findFreePort(directory);
    const command = [directory, program, ...argsFor(port, directory)];
    const child = spawn("/bin/sh", ["-c", UNTIL_INPUT_ENDS, "sh", ...command], {
      // A group of its own: Ctrl-C is for the tests, which then end it.
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    const ready = new Promise<boolean>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("Ready to accept connections")) resolve(true);
      });
      exit.then(() => resolve(false));
    });
    const stop = async () => {
      child.stdin.end();
      await exit;
    };
    if (await ready) return { url: `redis://127.0.0.1:${port}`, origin: basename(program), stop };
    child.stdin.end();
  }
  throw new Error(`${program} does not start:\n${output.trimEnd().split("\n").slice(-5).join("\n")}`);
}

function argsFor(port: number, directory: string): string[] {
  return [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
    ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
  ];
}
