// Written by tenantry generate from the schema files. Do not edit: run it again.
import { defineRelations } from "drizzle-orm";
import * as schema from "../index.js";

/** The relations between the tables, for drizzle({ relations }). */
export const relations = defineRelations(schema, (r) => ({
  conversations: {
    creator: r.one.creators({
      from: [r.conversations.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
    document: r.one.documents({
      from: [r.conversations.creatorId, r.conversations.documentId],
      to: [r.documents.creatorId, r.documents.id],
    }),
    widget: r.one.widgetConfigurations({
      from: [r.conversations.creatorId, r.conversations.widgetId],
      to: [r.widgetConfigurations.creatorId, r.widgetConfigurations.id],
      optional: false,
    }),
  },
  creators: {
    conversations: r.many.conversations({
      from: [r.creators.id],
      to: [r.conversations.creatorId],
    }),
    documents: r.many.documents({
      from: [r.creators.id],
      to: [r.documents.creatorId],
    }),
    jwtBlacklists: r.many.jwtBlacklist({
      from: [r.creators.id],
      to: [r.jwtBlacklist.creatorId],
    }),
    refreshTokens: r.many.refreshTokens({
      from: [r.creators.id],
      to: [r.refreshTokens.creatorId],
    }),
    tokenCutoffs: r.many.tokenCutoffs({
      from: [r.creators.id],
      to: [r.tokenCutoffs.creatorId],
    }),
    widgetConfigurations: r.many.widgetConfigurations({
      from: [r.creators.id],
      to: [r.widgetConfigurations.creatorId],
    }),
  },
  documents: {
    creator: r.one.creators({
      from: [r.documents.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
    conversations: r.many.conversations({
      from: [r.documents.creatorId, r.documents.id],
      to: [r.conversations.creatorId, r.conversations.documentId],
    }),
  },
  jwtBlacklist: {
    creator: r.one.creators({
      from: [r.jwtBlacklist.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
  },
  refreshTokens: {
    creator: r.one.creators({
      from: [r.refreshTokens.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
    replacedByRefreshToken: r.one.refreshTokens({
      from: [r.refreshTokens.creatorId, r.refreshTokens.replacedBy],
      to: [r.refreshTokens.creatorId, r.refreshTokens.id],
    }),
    refreshTokensByReplacedBy: r.many.refreshTokens({
      from: [r.refreshTokens.creatorId, r.refreshTokens.id],
      to: [r.refreshTokens.creatorId, r.refreshTokens.replacedBy],
    }),
  },
  tokenCutoffs: {
    creator: r.one.creators({
      from: [r.tokenCutoffs.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
  },
  widgetConfigurations: {
    creator: r.one.creators({
      from: [r.widgetConfigurations.creatorId],
      to: [r.creators.id],
      optional: false,
    }),
    conversations: r.many.conversations({
      from: [r.widgetConfigurations.creatorId, r.widgetConfigurations.id],
      to: [r.conversations.creatorId, r.conversations.widgetId],
    }),
  },
}));
