import { sql } from "drizzle-orm";
import { boolean, check, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { timestamps } from "./timestamps.js";

/** A chat widget as it stands on a creator's own pages. */
export const widgetConfigurations = pgTable(
  "widget_configurations",
  {
    ...tenantKey(),
    name: text("name").notNull(),
    /** Colours, fonts, position: whatever the widget's script understands. */
    theme: jsonb("theme").$type<Record<string, unknown>>().notNull().default({}),
    /** Origins such as `https://example.com` that may embed the widget; none until one is named. */
    allowedOrigins: text("allowed_origins").array().notNull().default([]),
    /** What the widget says first; null for the script's own words. */
    greeting: text("greeting"),
    active: boolean("active").notNull().default(true),
    ...timestamps(),
  },
  (t) => [
    withTenantRls(t, { audit: true }),
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // Serves the list of a creator's widgets as well: there are few, and they are shown by name.
    uniqueIndex("widget_configurations_creator_id_name_key").on(t.creatorId, t.name),
    check("widget_configurations_name_check", sql`char_length(${t.name}) between 1 and 200`),
    check("widget_configurations_theme_check", sql`jsonb_typeof(${t.theme}) = 'object'`),
    // Anyone's page could embed a widget that allows '*', and spend the creator's quota.
    check(
      "widget_configurations_allowed_origins_check",
      sql`array_position(${t.allowedOrigins}, null) is null and array_position(${t.allowedOrigins}, '*') is null`,
    ),
    check("widget_configurations_greeting_check", sql`char_length(${t.greeting}) <= 2000`),
  ],
);
