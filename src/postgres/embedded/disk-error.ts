import { codeOf, messageOf, TenantryError } from "../../core/errors.js";

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ["the disk is full", "Free some space, then run `tenantry start` again."],
  EDQUOT: ["the disk quota is used up", "Free some space, then run `tenantry start` again."],
  EROFS: [
    "the file system is read-only",
    "Make it writable and run `tenantry start` again, or set DATABASE_URL to a server of your own.",
  ],
  EACCES: [
    "access is denied",
    "Run the command as the user who owns it, or give your user access, then run `tenantry start` again.",
  ],
  EPERM: [
    "the operation is not permitted",
    "Run the command as the user who owns it, or give your user access, then run `tenantry start` again.",
  ],
  ENOENT: ["it does not exist", "Check the project's folder, then run `tenantry start` again."],
  ENOTDIR: [
    "a file stands where a directory should be",
    "Move that file away, then run `tenantry start` again.",
  ],
  EISDIR: ["a directory stands where a file should be", "Move it away, then run `tenantry start` again."],
  EBUSY: ["it is in use", "End what uses it, then run `tenantry start` again."],
  EIO: ["the disk reports an error", "Check the disk, then run `tenantry start` again."],
};

/** What PostgreSQL and the operating system write when the disk is at fault. */
const DISK_MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, "ENOSPC"],
  [/disk quota exceeded/i, "EDQUOT"],
  [/read-only file system/i, "EROFS"],
  [/input\/output error/i, "EIO"],
];

/**
 * Runs `work`, and turns what the file system refuses into a `disk` error that names the path.
 *
 * @param path what to name if the refusal itself names nothing.
 * @throws TenantryError `disk`; anything else passes through unchanged.
 * @example await withDiskErrors(file, () => writeFile(file, text))
 */
export async function withDiskErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const code = codeOf(thrown);
    if (thrown instanceof TenantryError || code === undefined || !(code in REASONS)) throw thrown;
    throw diskError(code, pathOf(thrown) ?? path, [messageOf(thrown)], thrown);
  }
}

/** The `disk` error that a program's output speaks of, or undefined if it speaks of none. */
export function diskErrorFromOutput(lines: readonly string[], path: string): TenantryError | undefined {
  const text = lines.join("\n");
  const found = DISK_MESSAGES.find(([pattern]) => pattern.test(text));
  return found === undefined ? undefined : diskError(found[1], path, lines);
}

function diskError(code: string, path: string, details: readonly string[], cause?: unknown): TenantryError {
  const [reason, hint] = REASONS[code] ?? [code, "Run `tenantry start` again once that is solved."];
  return new TenantryError({
    code: "disk",
    message: `The embedded server cannot use ${path}: ${reason}.`,
    hint,
    details,
    cause,
  });
}

function pathOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("path" in thrown)) return undefined;
  return typeof thrown.path === "string" ? thrown.path : undefined;
}
