import { TenantryError } from "./errors.js";
import type { TenantColumnType } from "./tenancy-settings.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const WHOLE_NUMBER = /^(0|-?[1-9][0-9]{0,18})$/;
/** NUL, and halves of characters, which UTF-8 cannot write. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
const MAX_TEXT_CHARACTERS = 200;

const INTEGER_RANGE = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const BIGINT_RANGE = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * A tenant id as PostgreSQL itself would print it, so that one tenant has one spelling. What is accepted is safe to be
 * quoted into `SET LOCAL`.
 *
 * @param columnType uuid: 8-4-4-4-12 hexadecimal digits; integer and bigint: decimal, in the type's range; text: 1 to
 * 200 characters, no NUL.
 * @throws TenantryError `tenant-id-invalid`; the message does not repeat the text, which may come from an attacker.
 * @example parseTenantId("0192D0A4-8F6E-7C3A-9B1D-2F4E6A8C0B1D", "uuid") // "0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d"
 */
export function parseTenantId(text: string, columnType: TenantColumnType): string {
  switch (columnType) {
    case "uuid":
      if (UUID.test(text)) return text.toLowerCase();
      throw invalid("a uuid", "Write it as 8-4-4-4-12 hexadecimal digits, without braces.");
    case "integer":
      return parseWholeNumber(text, columnType, INTEGER_RANGE);
    case "bigint":
      return parseWholeNumber(text, columnType, BIGINT_RANGE);
    case "text":
      return parseText(text);
  }
}

function parseWholeNumber(text: string, type: string, range: { min: bigint; max: bigint }): string {
  if (WHOLE_NUMBER.test(text)) {
    const value = BigInt(text);
    if (value >= range.min && value <= range.max) return text;
  }
  throw invalid(`a number of type ${type}`, `Write a whole number from ${range.min} to ${range.max}.`);
}

function parseText(text: string): string {
  if (text !== "" && [...text].length <= MAX_TEXT_CHARACTERS && !UNSTORABLE.test(text)) return text;
  throw invalid("a text that can be one", `Write 1 to ${MAX_TEXT_CHARACTERS} characters, none of them NUL.`);
}

function invalid(what: string, hint: string): TenantryError {
  return new TenantryError({ code: "tenant-id-invalid", message: `The tenant id is not ${what}.`, hint });
}
