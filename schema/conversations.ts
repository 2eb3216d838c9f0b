import { sql } from "drizzle-orm";
import { check, index, jsonb, pgEnum, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { documents } from "./documents.js";
import { timestamps } from "./timestamps.js";
import { widgetConfigurations } from "./widget-configurations.js";

/** Where the visitor writes from. */
export const conversationChannel = pgEnum("conversation_channel", ["web", "mobile", "email", "api"]);

/** Whether it is still going on. */
export const conversationStatus = pgEnum("conversation_status", ["open", "closed", "archived"]);

/** One entry of `conversations.messages`. */
export type ConversationMessage = {
  readonly role: "visitor" | "assistant" | "creator";
  readonly content: string;
  /** ISO 8601, UTC. */
  readonly at: string;
};

/** The history of what visitors asked and were answered. */
export const conversations = pgTable(
  "conversations",
  {
    ...tenantKey(),
    widgetId: uuid("widget_id").notNull(),
    /** The document that the conversation is about, if it is about one. */
    documentId: uuid("document_id"),
    /** The widget's own name for a browser; says nothing about the person. */
    visitorId: text("visitor_id").notNull(),
    channel: conversationChannel("channel").notNull().default("web"),
    status: conversationStatus("status").notNull().default("open"),
    messages: jsonb("messages").$type<readonly ConversationMessage[]>().notNull().default([]),
    startedAt: timestamp("started_at", { withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp("ended_at", { withTimezone: true }),
    ...timestamps(),
  },
  (t) => [
    // Not audited: each new message rewrites the row, and an audit row would keep all of `messages` twice every time.
    // The conversation is its own history.
    withTenantRls(t, { audit: false }),
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // A widget that has been talked to is set inactive, not deleted: its history must not go with one click. This does
    // not hold up the erasure of a creator, whose cascades take the conversations before it is checked.
    tenantForeignKey(t, {
      columns: [t.widgetId],
      foreignColumns: [widgetConfigurations.id],
      onDelete: "restrict",
    }),
    // What was said outlives the document that it was about.
    tenantForeignKey(t, { columns: [t.documentId], foreignColumns: [documents.id], onDelete: "set null" }),
    index("conversations_creator_id_started_at_idx").on(t.creatorId, t.startedAt),
    // A predicate, for the reason given at documents: comparing enums is not leakproof.
    index("conversations_creator_id_started_at_open_idx")
      .on(t.creatorId, t.startedAt)
      .where(sql`${t.status} = 'open'`),
    index("conversations_creator_id_widget_id_started_at_idx").on(t.creatorId, t.widgetId, t.startedAt),
    index("conversations_creator_id_visitor_id_started_at_idx").on(t.creatorId, t.visitorId, t.startedAt),
    // Most conversations are about no document. Also what a document's deletion looks for.
    index("conversations_creator_id_document_id_idx")
      .on(t.creatorId, t.documentId)
      .where(sql`${t.documentId} is not null`),
    check("conversations_visitor_id_check", sql`char_length(${t.visitorId}) between 1 and 200`),
    check("conversations_messages_check", sql`jsonb_typeof(${t.messages}) = 'array'`),
    check("conversations_ended_at_check", sql`${t.endedAt} >= ${t.startedAt}`),
  ],
);
