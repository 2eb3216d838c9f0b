import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import type { Part } from "./report.js";

/**
 * Reads one part of a report. What tenantry or the server refuses is kept as the reason why it is not there; whoever has
 * stopped the run, and a bug, are not.
 */
export async function readPart<T extends object>(read: () => Promise<T>): Promise<Part<T>> {
  try {
    return { read: true, ...(await read()) };
  } catch (thrown) {
    if (thrown instanceof TenantryError) {
      if (thrown.code === "interrupted") throw thrown;
      const details = thrown.details.slice(0, 3).map((line) => line.trim());
      return {
        read: false,
        reason: [thrown.message, ...details, thrown.hint ?? ""].filter(Boolean).join(" "),
      };
    }
    // Of PostgreSQL and Node.js: a bug has none.
    const code = codeOf(thrown);
    if (code === undefined) throw thrown;
    return { read: false, reason: `${messageOf(thrown)} (${code})` };
  }
}
