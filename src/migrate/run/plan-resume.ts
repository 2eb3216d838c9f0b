import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../folder/migration.js";
import { hashStatements } from "../statements/group-steps.js";
import type { MigrationStatement } from "../statements/migration-statement.js";
import type { Checkpoint } from "./checkpoints.js";

/** Where a migration that runs step by step is to go on. */
export type Resume = {
  /** The number of the first statement that is not done, from 1. */
  readonly from: number;
  /** The step that an earlier run had begun and not finished. */
  readonly prior: Checkpoint | undefined;
};

/**
 * Where to go on behind the steps that are done. What is done must still be what the file says; the rest may have been
 * corrected if the server had refused it, but not if a run was killed, since nobody knows how far that had come.
 *
 * @param accepted true if somebody has said that the edit is meant.
 * @throws TenantryError `migrations-folder` for an edited file.
 */
export function planResume(
  migration: Pick<Migration, "name" | "file" | "hash">,
  statements: readonly MigrationStatement[],
  checkpoints: readonly Checkpoint[],
  accepted: boolean,
): Resume {
  const done = checkpoints.filter(({ state }) => state === "finished");
  const prior = checkpoints.find(({ state }) => state !== "finished");
  for (const { step, statements: count, stepHash } of done) {
    if (hashStatements(statements.slice(step - 1, step - 1 + count)) === stepHash) continue;
    throw edited(
      migration,
      `its statement ${step}, which has been applied, is no longer what the file says`,
      `Put that statement back as it was in ${migration.file}; what comes after it may be corrected.`,
    );
  }
  const isEdited = checkpoints.length > 0 && checkpoints.at(-1)?.fileHash !== migration.hash;
  if (isEdited && prior?.state !== "failed" && !accepted) {
    throw edited(
      migration,
      "a run of it was killed, and its file was edited since",
      `Restore ${migration.file} and run "tenantry migrate" again. If the edit is meant: --accept-edited ${migration.name} --reason TEXT.`,
    );
  }
  const last = done.at(-1);
  return { from: last === undefined ? 1 : last.step + last.statements, prior };
}

function edited({ name }: Pick<Migration, "name">, what: string, hint: string): TenantryError {
  return new TenantryError({
    code: "migrations-folder",
    message: `Migration ${name} is applied in part: ${what}.`,
    hint: `Nothing was changed. ${hint}`,
  });
}
