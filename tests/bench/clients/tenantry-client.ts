import { desc } from "drizzle-orm";
import { connect } from "../../../src/client/index.js";
import type { BenchClient } from "./bench-client-kind.js";
import { isolated } from "./bench-table.js";
import { newest } from "./drizzle-clients.js";

/** This project's client. */
export const tenantryClient: BenchClient = {
  name: "tenantry",
  open: async (url, max) => {
    const db = await connect({ url, max });
    return { read: (tenant) => newest(db.as(tenant)), close: () => db.close() };
  },
};

/** The same with a query that was prepared once for all tenants. */
export const tenantryPrepared: BenchClient = {
  name: "tenantry, db.prepare()",
  open: async (url, max) => {
    const db = await connect({ url, max });
    const prepared = db.prepare((q) =>
      q.select().from(isolated).orderBy(desc(isolated.createdAt)).limit(10).prepare("newest"),
    );
    return { read: (tenant) => prepared.as(tenant).execute(), close: () => db.close() };
  },
};
