import { v7 } from "uuid";
import { ENGINE_SCHEMA } from "../core/engine-schema.js";

/** The database's counterpart of {@link uuidV7}, for rows inserted by raw SQL. The completion creates it. */
export const UUID_V7_CALL = `${ENGINE_SCHEMA}.uuid_v7()`;

/**
 * A new id: UUID version 7 (RFC 9562), which sorts by the millisecond in which it was made.
 *
 * @example uuidV7() // "0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d"
 */
export function uuidV7(): string {
  return v7();
}
