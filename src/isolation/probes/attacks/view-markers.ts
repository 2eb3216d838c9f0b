import { quoteLiteral } from "../../../core/identifiers.js";
import type { ProbeWorld } from "../probe.js";

/** Shorter values may be anybody's. */
const LEAST_LENGTH = 9;
/** What the clock gives stands in many rows. */
const DATE = /^\d{4}-\d\d-\d\d/;
const MOST_MARKERS = 60;

/**
 * Texts that stand in the victim's made-up rows and in no other: where one of them turns up, a row of the victim has. As
 * an SQL array of LIKE patterns.
 */
export function viewMarkers({ attacker, victim }: ProbeWorld): string {
  const foreign = new Set([...attacker.rows.values()].flatMap((row) => Object.values(row)));
  const own = [...victim.rows.values()].flatMap((row) => Object.values(row));
  const values = own.filter(
    (value): value is string => value !== null && value.length >= LEAST_LENGTH && value.length < 200,
  );
  const telling = values.filter((value) => !foreign.has(value) && /[0-9]/.test(value) && !DATE.test(value));
  const markers = [...new Set([victim.id, ...telling])].slice(0, MOST_MARKERS);
  const patterns = markers.map((text) => quoteLiteral(`%${text.replace(/[\\%_]/g, "\\$&")}%`));
  return `array[${patterns.join(", ")}]`;
}
