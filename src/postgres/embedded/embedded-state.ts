import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { z } from "zod";
import { codeOf, TenantryError } from "../../core/errors.js";
import { withDiskErrors } from "./disk-error.js";
import type { Account } from "./unprivileged-account.js";

const FORMAT = 1;

const schema = z.object({
  format: z.literal(FORMAT),
  port: z.number().int().min(1).max(65_535),
  password: z.string().min(1),
  /** Relative to the state directory where possible, so that a project can be moved. */
  dataDirectory: z.string().min(1),
  /** PostgreSQL's version when it was last started. */
  version: z.string(),
  durable: z.boolean(),
});

/** What `server.json` remembers between starts. `dataDirectory` is absolute here. */
export type EmbeddedState = Omit<z.infer<typeof schema>, "format">;

/** Where the state of this state directory is kept. */
export function stateFileIn(stateDirectory: string): string {
  return join(stateDirectory, "server.json");
}

/** A password that no one guesses: 24 random bytes, in letters that need no escaping in a URL. */
export function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * What is remembered, or undefined if nothing is.
 *
 * @throws TenantryError `server-failed` if the file is not what we wrote, `disk` if it cannot be read.
 * @example (await readState("/srv/app/.tenantry"))?.port
 */
export async function readState(stateDirectory: string): Promise<EmbeddedState | undefined> {
  const file = stateFileIn(stateDirectory);
  const text = await withDiskErrors(file, () =>
    readFile(file, "utf8").catch((thrown: unknown) => {
      if (codeOf(thrown) === "ENOENT") return undefined;
      throw thrown;
    }),
  );
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) {
    const { format: _, ...state } = parsed.data;
    return { ...state, dataDirectory: resolve(stateDirectory, state.dataDirectory) };
  }
  // Neither the text nor what zod says of it is repeated: it may hold the password.
  throw new TenantryError({
    code: "server-failed",
    message: `${file} is not a server.json that tenantry wrote.`,
    hint: "Move that file away and run `tenantry start` again: the data stays, and gets a new password.",
  });
}

/**
 * Remembers, in one step, readable by its owner alone. Call it only under the lock.
 *
 * @throws what the file system refuses.
 * @example await writeState("/srv/app/.tenantry", state, account)
 */
export async function writeState(
  stateDirectory: string,
  state: EmbeddedState,
  account: Account | undefined,
): Promise<void> {
  const inside = relative(stateDirectory, state.dataDirectory);
  const dataDirectory = inside.startsWith("..") || isAbsolute(inside) ? state.dataDirectory : inside;
  const file = stateFileIn(stateDirectory);
  // Writers hold the lock, so one name will do, and what a killed one left can go. Never open what is there: where
  // we are root and the directory is somebody else's, it may be a symbolic link to any file of the system.
  const scratch = `${file}.new`;
  await rm(scratch, { force: true });
  try {
    const handle = await open(scratch, "wx", 0o600);
    try {
      await handle.writeFile(
        `${JSON.stringify({ format: FORMAT, ...state, dataDirectory }, undefined, 2)}\n`,
      );
      if (account?.personal) await handle.chown(account.uid, account.gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(scratch, file);
  } finally {
    await rm(scratch, { force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
