import { asc, eq, inArray, sql } from "drizzle-orm";
import { documents } from "tenantry/schema";
import type { Database } from "./database.js";

const BATCH = 20;

/**
 * Processes one creator's waiting documents, a batch in each transaction. Nothing here names the creator: the database
 * shows no other's rows. Several workers may run, since each skips what another has locked.
 *
 * @returns how many were processed.
 */
export async function processDocuments(own: ReturnType<Database["as"]>): Promise<number> {
  for (let processed = 0; ; ) {
    const done = await own.transaction(async (tx) => {
      const waiting = await tx
        .select({ id: documents.id })
        .from(documents)
        .where(eq(documents.status, "pending"))
        .orderBy(asc(documents.createdAt))
        .limit(BATCH)
        .for("update", { skipLocked: true });
      if (waiting.length === 0) return 0;
      const ids = waiting.map(({ id }) => id);
      await tx
        .update(documents)
        .set({
          status: "ready",
          metadata: sql`${documents.metadata} || jsonb_build_object('words', ${countWords})`,
        })
        .where(inArray(documents.id, ids));
      return waiting.length;
    });
    if (done === 0) return processed;
    processed += done;
  }
}

/** What stands for the real work, such as embedding the text. */
const countWords = sql`coalesce(array_length(regexp_split_to_array(nullif(trim(${documents.content}), ''), '[[:space:]]+'), 1), 0)`;
