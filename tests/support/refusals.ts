import postgres from "postgres";
import { expect } from "vitest";

/** The error with which the server refused. */
export async function refusal(promise: Promise<unknown>): Promise<postgres.PostgresError> {
  const thrown = await promise.then(
    (result) => expect.fail(`should have been refused, and gave ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(postgres.PostgresError);
  return thrown as postgres.PostgresError;
}

/** Expects that a policy refused it. */
export async function expectPolicyViolation(promise: Promise<unknown>): Promise<void> {
  const { code, message } = await refusal(promise);
  expect({ code, message }).toEqual({
    code: "42501",
    message: expect.stringContaining("row-level security"),
  });
}

/** Expects that a privilege was missing. */
export async function expectPermissionDenied(promise: Promise<unknown>): Promise<void> {
  const { code, message } = await refusal(promise);
  expect({ code, message }).toEqual({ code: "42501", message: expect.stringContaining("permission denied") });
}
