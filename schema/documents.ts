import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { timestamps } from "./timestamps.js";

/** How far a document has come on its way into the knowledge base. */
export const documentStatus = pgEnum("document_status", ["pending", "processing", "ready", "failed"]);

/** The knowledge base: what a creator's widgets answer from. */
export const documents = pgTable(
  "documents",
  {
    ...tenantKey(),
    title: text("title").notNull(),
    /** The text that was extracted; empty until it has been processed. */
    content: text("content").notNull().default(""),
    /** Where it came from, a URL or a file name; null if it was written here. */
    source: text("source"),
    mimeType: text("mime_type").notNull().default("text/plain"),
    /** SHA-256 of the original bytes, as lower-case hex. */
    checksum: text("checksum").notNull(),
    status: documentStatus("status").notNull().default("pending"),
    tags: text("tags").array().notNull().default([]),
    metadata: jsonb("metadata").$type<Record<string, unknown>>().notNull().default({}),
    /** Counts up with each edit, for optimistic locking: `update … where version = <the one read>`. */
    version: integer("version").notNull().default(1),
    /** Set instead of deleting the row, so that a document can be restored. */
    deletedAt: timestamp("deleted_at", { withTimezone: true }),
    ...timestamps(),
  },
  (t) => [
    withTenantRls(t, { audit: true }),
    // Services cannot delete a creator: the cascade serves the operator's erasure alone.
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // The same file twice is a mistake, unless the first has been deleted.
    uniqueIndex("documents_creator_id_checksum_key")
      .on(t.creatorId, t.checksum)
      .where(sql`${t.deletedAt} is null`),
    // Read backwards for "newest first": Drizzle's `.desc()` says `nulls last`, which does not match `order by … desc`.
    index("documents_creator_id_created_at_idx")
      .on(t.creatorId, t.createdAt)
      .where(sql`${t.deletedAt} is null`),
    // What is still to be done, or went wrong: by far the fewest. In the predicate and not a column of the index, since
    // comparing enums is not leakproof, and behind a policy PostgreSQL looks up only by leakproof operators. Neither are
    // those of arrays: a GIN index on `tags` would never be used. Tags and other states filter what is the creator's.
    // To remove a value from the enum, drop this index in a migration before: drizzle-kit changes the column's type.
    index("documents_creator_id_created_at_unready_idx")
      .on(t.creatorId, t.createdAt)
      .where(sql`${t.deletedAt} is null and ${t.status} <> 'ready'`),
    check("documents_title_check", sql`char_length(${t.title}) between 1 and 500`),
    check("documents_mime_type_check", sql`${t.mimeType} ~ '^[^/[:space:]]+/[^/[:space:]]+$'`),
    check("documents_checksum_check", sql`${t.checksum} ~ '^[0-9a-f]{64}$'`),
    check("documents_tags_check", sql`array_position(${t.tags}, null) is null`),
    check("documents_metadata_check", sql`jsonb_typeof(${t.metadata}) = 'object'`),
    check("documents_version_check", sql`${t.version} >= 1`),
  ],
);
