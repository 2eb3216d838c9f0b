import { sql } from "drizzle-orm";
import { check, index, inet, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { tenantAuditLog, tenantKey } from "tenantry";
import { createdAt } from "./timestamps.js";

/**
 * Who changed what: written by the triggers of the audited tables, in the transaction of the change, and by services
 * for what is no change of a row, such as an export. Services may add to it and read it, nothing else.
 *
 * No foreign key to creators: a record outlives what it records, the creator included.
 */
export const auditLogs = pgTable(
  "audit_logs",
  {
    ...tenantKey(),
    /** Who did it, as the service named them; null if it did not. */
    actor: text("actor"),
    /** What was done: a trigger writes the command, a service its own word. */
    action: text("action").notNull(),
    tableName: text("table_name").notNull(),
    /** Text, since not every key is a uuid; null if it was not about one row. */
    rowId: text("row_id"),
    /** The row before the change, without its secret columns; null for an insert. */
    before: jsonb("before").$type<Record<string, unknown>>(),
    /** The row after the change, without its secret columns; null for a delete. */
    after: jsonb("after").$type<Record<string, unknown>>(),
    /** Ties together what one request did, here and in the service's logs. */
    requestId: text("request_id"),
    ip: inet("ip"),
    createdAt: createdAt(),
  },
  (t) => [
    tenantAuditLog(t),
    index("audit_logs_creator_id_created_at_idx").on(t.creatorId, t.createdAt),
    // The history of one row.
    index("audit_logs_creator_id_table_name_row_id_created_at_idx").on(
      t.creatorId,
      t.tableName,
      t.rowId,
      t.createdAt,
    ),
    index("audit_logs_creator_id_actor_created_at_idx").on(t.creatorId, t.actor, t.createdAt),
    check("audit_logs_action_check", sql`char_length(${t.action}) between 1 and 100`),
  ],
);
