// Written by tenantry generate from the schema files. Do not edit: run it again.
import { createInsertSchema, createSelectSchema, createUpdateSchema } from "drizzle-orm/zod";
import type { z } from "zod";
import * as schema from "../index.js";

export const auditLogSelectSchema = createSelectSchema(schema.auditLogs);
/** A row of audit_logs. */
export type AuditLog = z.infer<typeof auditLogSelectSchema>;
export const auditLogInsertSchema = createInsertSchema(schema.auditLogs).omit({
  creatorId: true,
  id: true,
});
/** A new row of audit_logs, without what the database gives. */
export type AuditLogInsert = z.infer<typeof auditLogInsertSchema>;

export const conversationSelectSchema = createSelectSchema(schema.conversations);
/** A row of conversations. */
export type Conversation = z.infer<typeof conversationSelectSchema>;
export const conversationInsertSchema = createInsertSchema(schema.conversations).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** A new row of conversations, without what the database gives. */
export type ConversationInsert = z.infer<typeof conversationInsertSchema>;
export const conversationUpdateSchema = createUpdateSchema(schema.conversations).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** What may change in a row of conversations. */
export type ConversationUpdate = z.infer<typeof conversationUpdateSchema>;

export const creatorSelectSchema = createSelectSchema(schema.creators);
/** A row of creators. */
export type Creator = z.infer<typeof creatorSelectSchema>;
export const creatorInsertSchema = createInsertSchema(schema.creators).omit({
  id: true,
  updatedAt: true,
});
/** A new row of creators, without what the database gives. */
export type CreatorInsert = z.infer<typeof creatorInsertSchema>;
export const creatorUpdateSchema = createUpdateSchema(schema.creators).omit({
  id: true,
  updatedAt: true,
});
/** What may change in a row of creators. */
export type CreatorUpdate = z.infer<typeof creatorUpdateSchema>;

export const documentSelectSchema = createSelectSchema(schema.documents);
/** A row of documents. */
export type Document = z.infer<typeof documentSelectSchema>;
export const documentInsertSchema = createInsertSchema(schema.documents).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** A new row of documents, without what the database gives. */
export type DocumentInsert = z.infer<typeof documentInsertSchema>;
export const documentUpdateSchema = createUpdateSchema(schema.documents).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** What may change in a row of documents. */
export type DocumentUpdate = z.infer<typeof documentUpdateSchema>;

export const jwtBlacklistSelectSchema = createSelectSchema(schema.jwtBlacklist);
/** A row of jwt_blacklist. */
export type JwtBlacklist = z.infer<typeof jwtBlacklistSelectSchema>;
export const jwtBlacklistInsertSchema = createInsertSchema(schema.jwtBlacklist).omit({
  creatorId: true,
  updatedAt: true,
});
/** A new row of jwt_blacklist, without what the database gives. */
export type JwtBlacklistInsert = z.infer<typeof jwtBlacklistInsertSchema>;

export const refreshTokenSelectSchema = createSelectSchema(schema.refreshTokens);
/** A row of refresh_tokens. */
export type RefreshToken = z.infer<typeof refreshTokenSelectSchema>;
export const refreshTokenInsertSchema = createInsertSchema(schema.refreshTokens).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** A new row of refresh_tokens, without what the database gives. */
export type RefreshTokenInsert = z.infer<typeof refreshTokenInsertSchema>;
export const refreshTokenUpdateSchema = createUpdateSchema(schema.refreshTokens).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** What may change in a row of refresh_tokens. */
export type RefreshTokenUpdate = z.infer<typeof refreshTokenUpdateSchema>;

export const tokenCutoffSelectSchema = createSelectSchema(schema.tokenCutoffs);
/** A row of token_cutoffs. */
export type TokenCutoff = z.infer<typeof tokenCutoffSelectSchema>;
export const tokenCutoffInsertSchema = createInsertSchema(schema.tokenCutoffs).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** A new row of token_cutoffs, without what the database gives. */
export type TokenCutoffInsert = z.infer<typeof tokenCutoffInsertSchema>;

export const widgetConfigurationSelectSchema = createSelectSchema(schema.widgetConfigurations);
/** A row of widget_configurations. */
export type WidgetConfiguration = z.infer<typeof widgetConfigurationSelectSchema>;
export const widgetConfigurationInsertSchema = createInsertSchema(schema.widgetConfigurations).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** A new row of widget_configurations, without what the database gives. */
export type WidgetConfigurationInsert = z.infer<typeof widgetConfigurationInsertSchema>;
export const widgetConfigurationUpdateSchema = createUpdateSchema(schema.widgetConfigurations).omit({
  creatorId: true,
  id: true,
  updatedAt: true,
});
/** What may change in a row of widget_configurations. */
export type WidgetConfigurationUpdate = z.infer<typeof widgetConfigurationUpdateSchema>;
