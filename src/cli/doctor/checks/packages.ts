import { satisfies } from "semver";
import { readOwnManifest } from "../../read-own-manifest.js";
import type { Check } from "../check.js";
import { ok, problem, warning } from "../check.js";
import type { InstalledPackage } from "../installed-package.js";
import { findInstalledPackage } from "../installed-package.js";

/** What a schema's tables are made of: with a second copy, tables of one are no tables to the other. */
const SHARED = ["drizzle-orm", "drizzle-kit"] as const;

/** The packages that the project brings are installed, in versions that work, and once. */
export const packagesCheck: Check = {
  id: "packages",
  group: "This machine",
  run: async ({ context }) => {
    const { directory, peerDependencies, peerDependenciesMeta } = await readOwnManifest();
    const peers = await Promise.all(
      Object.entries(peerDependencies).map(async ([name, wanted]) => ({
        name,
        wanted,
        optional: peerDependenciesMeta[name]?.optional === true,
        found: await findInstalledPackage(context.directory, name),
        ours: await findInstalledPackage(directory, name),
      })),
    );
    const missing = peers.filter(({ found, ours, optional }) => (found ?? ours) === undefined && !optional);
    const unfit = peers.filter(
      ({ found, wanted }) => found !== undefined && !satisfies(found.version, wanted),
    );
    if (missing.length + unfit.length > 0) {
      const what = [
        ...missing.map(({ name, wanted }) => `${name} is not installed (${wanted})`),
        ...unfit.map(({ name, wanted, found }) => `${name} is ${found?.version}, and ${wanted} works`),
      ];
      const install = [...missing, ...unfit].map(({ name, wanted }) => `${name}@${wanted}`).join(" ");
      return problem(what.join("; "), `npm install ${install}`);
    }
    const twice = peers.filter(
      ({ name, found, ours }) => SHARED.some((each) => each === name) && differ(found, ours),
    );
    if (twice.length > 0) {
      return warning(
        `installed twice: ${twice.map(({ name, found, ours }) => `${name} in ${found?.directory} and ${ours?.directory}`).join("; ")}`,
        "Install tenantry into this project, beside them, and not as a link; then npm dedupe.",
      );
    }
    const shown = peers.flatMap(({ name, found }) =>
      found === undefined ? [] : [`${name} ${found.version}`],
    );
    return ok(shown.length === 0 ? "all of tenantry's own" : shown.join(", "));
  },
};

function differ(one: InstalledPackage | undefined, other: InstalledPackage | undefined): boolean {
  return one !== undefined && other !== undefined && one.directory !== other.directory;
}
