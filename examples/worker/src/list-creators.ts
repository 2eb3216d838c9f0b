import { and, asc, eq, gt, type SQL } from "drizzle-orm";
import { creators } from "tenantry/schema";
import type { Database } from "./database.js";

const PAGE = 500;

/**
 * The ids of all active creators, a page at a time: no transaction stays open while they are worked on. Each page is
 * written into the audit log, since it looks past the tenants.
 */
export async function* listCreators(db: Database): AsyncGenerator<string> {
  for (let after: SQL | undefined; ; ) {
    const page = await db.asAdmin(
      { actor: "example-worker", reason: "list the creators whose documents wait" },
      (tx) =>
        tx
          .select({ id: creators.id })
          .from(creators)
          .where(and(eq(creators.status, "active"), after))
          .orderBy(asc(creators.id))
          .limit(PAGE),
    );
    for (const { id } of page) yield id;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = gt(creators.id, last.id);
  }
}
