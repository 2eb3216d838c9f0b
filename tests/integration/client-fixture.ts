import { createHash } from "node:crypto";
import { uuidV7 } from "tenantry";
import type { TenantClient } from "tenantry/client";
import { creators, documents } from "tenantry/schema";
import { expect } from "vitest";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A document that can be inserted, its checksum like no other's. */
export const draft = (title: string) => ({ title, checksum: sha256(title + uuidV7()) });

/** Signs a creator up, with one document, and returns the id. */
export async function signUp(db: Pick<TenantClient, "as">, displayName: string): Promise<string> {
  const id = uuidV7();
  const creator = { email: `${id}@example.com`, displayName, passwordHash: "$argon2id$v=19$x" };
  await db.as(id).insert(creators).values(creator);
  await db
    .as(id)
    .insert(documents)
    .values(draft(`${displayName}'s`));
  return id;
}

/** The error that a promise is rejected with, and what drizzle wrapped in its own. */
export async function failureOf(attempt: Promise<unknown>): Promise<{ error: Error; cause: unknown }> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error(`nothing was thrown but ${String(error)}`);
  return { error, cause: error.cause };
}

/** Matches a TenantryError. */
export const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ name: "TenantryError", code, message: expect.stringMatching(message) });
