import { readFileSync } from "node:fs";
import { cpus, loadavg, type as osType, version as osVersion, release, totalmem } from "node:os";

/** Takes the load now, and gives a function that says on which machine, when, and under which load was measured. */
export function describeMachine(): () => string {
  const before = loadavg()[0]?.toFixed(1);
  return () => {
    const [cpu] = cpus();
    return [
      `Measured on ${new Date().toISOString().slice(0, 10)}.`,
      `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory,`,
      `${osType()} ${release()} (${readSystem()}), Node.js ${process.version}.`,
      `Load average before the first run ${before}, after the last ${loadavg()[0]?.toFixed(1)}.`,
    ].join("\n");
  };
}

function readSystem(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? osVersion();
  } catch {
    return osVersion();
  }
}
