import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";

const DRAFT = /^\.tenantry-draft-([0-9a-f]{6})-(\d+)-[0-9a-f]{12}$/;

/**
 * Makes a file in one step: a function fills a draft beside it, which then gets the name. What has the name is whole and
 * on the disk, also after a power cut; drafts of processes that died are removed by whoever comes next.
 *
 * @param path must not exist; its folder is made (0700) if it is missing.
 * @throws TenantryError `disk`, and whatever the function throws.
 */
export async function withDraft<T>(path: string, fill: (draft: string) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  const draft = join(folder, `.tenantry-draft-${machine()}-${process.pid}-${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeDead(folder);
    const result = await fill(draft);
    await rename(draft, path);
    await syncFolder(folder);
    return result;
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {});
    throw explain(thrown, folder);
  }
}

async function removeDead(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, where, pid] = DRAFT.exec(name) ?? [];
    if (where === machine() && !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it lives, as another user.
    return codeOf(thrown) === "EPERM";
  }
}

/** Without this the new name might be lost in a power cut. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

function machine(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 6);
}

const DISK_CODES: ReadonlySet<string | undefined> = new Set([
  ...["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOTDIR", "ENOENT", "EIO", "EFBIG", "EEXIST"],
]);

function explain(thrown: unknown, folder: string): unknown {
  if (thrown instanceof TenantryError || !DISK_CODES.has(codeOf(thrown))) return thrown;
  return new TenantryError({
    code: "disk",
    message: `No backup could be written into ${folder}: ${messageOf(thrown)}.`,
    hint: "Make room or give access, or name another folder.",
    cause: thrown,
  });
}
