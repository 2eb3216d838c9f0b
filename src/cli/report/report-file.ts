import { randomUUID } from "node:crypto";
import { lstat, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { REPORT_MARK } from "./html/report-mark.js";

/** Where a report may be written: looked at before the work, since the work takes minutes. */
export type ReportFile = {
  readonly path: string;
  /** Replaces the file in one step; readable by its owner alone. */
  readonly write: (html: string) => Promise<void>;
};

/** The mark stands at the beginning of the page. */
const MARK_WITHIN_BYTES = 1024;

/**
 * Looks whether a report may be written to a file: its folder is there, and what has this name is a report or nothing.
 *
 * @param replace true to replace a file that is no report.
 * @throws TenantryError `argument-invalid` if there is no such folder, or something else has the name; `disk` if the file
 * cannot be read or written.
 */
export async function openReportFile(directory: string, name: string, replace: boolean): Promise<ReportFile> {
  const path = await withoutLinks(resolve(directory, name));
  await requirePlace(path, replace);
  const write = async (html: string) => {
    // Somebody may have put something there since.
    await requirePlace(path, replace);
    const draft = join(dirname(path), `.${basename(path).slice(0, 40)}.${randomUUID()}.draft`);
    try {
      await writeFile(draft, html, { mode: 0o600, flag: "wx" });
      await rename(draft, path);
    } catch (thrown) {
      await rm(draft, { force: true });
      throw cannot("written", path, thrown);
    }
  };
  return { path, write };
}

/** A link is kept, and what it leads to replaced. */
async function withoutLinks(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isSymbolicLink() === true ? await realpath(path).catch(() => path) : path;
}

async function requirePlace(path: string, replace: boolean): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory() !== true) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `There is no folder ${dirname(path)}.`,
      hint: "Make it, or name another file with --html.",
    });
  }
  const found = await lstat(path).catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw cannot("read", path, thrown);
  });
  if (found === undefined) return;
  if (!found.isFile()) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${path} is no file that a report could replace.`,
      hint: "Name another one; --html - writes the page to stdout.",
    });
  }
  if (replace || found.size === 0 || (await isReport(path))) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `${path} is there, and is no report.`,
    hint: "Nothing was changed. Name another file, or replace this one with --yes.",
  });
}

async function isReport(path: string): Promise<boolean> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_WITHIN_BYTES), 0, MARK_WITHIN_BYTES, 0);
      return buffer.subarray(0, bytesRead).toString("utf8").includes(REPORT_MARK);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw cannot("read", path, thrown);
  }
}

function cannot(what: "read" | "written", path: string, cause: unknown): TenantryError {
  if (cause instanceof TenantryError) return cause;
  return new TenantryError({
    code: "disk",
    message: `${path} cannot be ${what}.`,
    details: [messageOf(cause)],
    hint: "Make room or give access, or name another file with --html.",
    cause,
  });
}
