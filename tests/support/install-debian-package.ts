import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { TenantryError } from "../../src/core/errors.js";
import { findProgram } from "./find-program.js";
import { runProgram } from "./run-program.js";

/** Asked by Debian's packages before they start a service; 101 means no. */
const POLICY = "/usr/sbin/policy-rc.d";

/** True on Debian, Ubuntu and what descends from them, as root. */
export async function canInstallDebianPackages(): Promise<boolean> {
  const isDebian = existsSync("/etc/debian_version") && (await findProgram(["apt-get"])) !== undefined;
  return isDebian && process.getuid?.() === 0;
}

/**
 * Installs a package of the system, without starting the service that may come with it, and says so.
 *
 * @throws TenantryError `dependency-missing` with the end of what apt-get said.
 */
export async function installDebianPackage(name: string): Promise<void> {
  console.log(`Installing the package ${name} (apt-get install), which the tests need …`);
  await withoutServices(async () => {
    // The lists of a fresh image are empty, and old ones name files that are gone.
    if ((await install(name)).status === 0) return;
    await runProgram("apt-get", ["update", "-q"]);
    const { status, output } = await install(name);
    if (status !== 0) {
      throw new TenantryError({
        code: "dependency-missing",
        message: `The package ${name} could not be installed.`,
        details: output.trimEnd().split("\n").slice(-8),
        hint: `Run apt-get update && apt-get install ${name}, and see what it says.`,
      });
    }
  });
}

function install(name: string) {
  const args = ["install", "-y", "-q", "--no-install-recommends", name];
  return runProgram("apt-get", args, { DEBIAN_FRONTEND: "noninteractive" });
}

async function withoutServices(work: () => Promise<void>): Promise<void> {
  const ours = !existsSync(POLICY);
  if (ours) await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}
