import { createRequire } from "node:module";
import { codeOf, messageOf, TenantryError } from "./errors.js";

/** A package that only those install who need what it is for. */
export type Peer = {
  readonly name: string;
  /** What cannot be done without it, as the end of "It is needed …". */
  readonly neededTo: string;
  /** True for what belongs among a project's devDependencies. Default false. */
  readonly isForDevelopment?: boolean;
};

/**
 * Imports an optional peer dependency, or a module of ours that needs one.
 *
 * @throws TenantryError `dependency-missing` where the package is not installed, with the command that installs the
 * oldest version that `package.json` allows.
 * @example
 * await importPeer({ name: "ioredis", neededTo: "talk to Redis" }, () => import("ioredis"))
 */
export async function importPeer<Module>(peer: Peer, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (thrown) {
    if (!isMissing(peer.name, thrown)) throw thrown;
    const options = peer.isForDevelopment === true ? "--save-dev " : "";
    throw new TenantryError({
      code: "dependency-missing",
      message: `${peer.name} is not installed. It is needed to ${peer.neededTo}.`,
      hint: `Run: npm install ${options}${peer.name}@${oldestVersion(peer.name)}`,
      cause: thrown,
    });
  }
}

function isMissing(name: string, thrown: unknown): boolean {
  const isNotFound = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(codeOf(thrown) ?? "");
  const message = messageOf(thrown);
  return isNotFound && (message.includes(`'${name}'`) || message.includes(`'${name}/`));
}

function oldestVersion(name: string): string {
  const manifest: { readonly peerDependencies: Readonly<Record<string, string>> } = createRequire(
    import.meta.url,
  )("tenantry/package.json");
  const version = manifest.peerDependencies[name];
  if (version === undefined) throw new Error(`${name} is no peer dependency`);
  return version.replace("^", "");
}
