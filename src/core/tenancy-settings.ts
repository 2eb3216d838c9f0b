import { z } from "zod";
import { TenantryError } from "./errors.js";
import { probesSchema } from "./probe-rows.js";

/** The types that a tenant column may have. The policy casts the setting to it, never the column. */
export const TENANT_COLUMN_TYPES = ["uuid", "text", "integer", "bigint"] as const;

/** One of {@link TENANT_COLUMN_TYPES}. */
export type TenantColumnType = (typeof TENANT_COLUMN_TYPES)[number];

const identifier = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, "PostgreSQL cuts names at 63 bytes")
  .refine((name) => !name.includes("\0"), "a name cannot contain a NUL character");

/** PostgreSQL asks a custom setting to be two or more simple names joined by dots. */
const settingName = z
  .string()
  .max(63)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$/,
    "write it as prefix.name, such as app.creator_id",
  );

/** As PostgreSQL writes them. */
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(us|ms|s|min|h|d)?$/, "write a duration as 500ms, 5s, 10min or 0")
  .optional();

const tenancySchema = z.strictObject({
  column: identifier.default("creator_id"),
  columnType: z.enum(TENANT_COLUMN_TYPES).default("uuid"),
  setting: settingName.default("app.creator_id"),
  actorSetting: settingName.default("app.actor"),
  requestIdSetting: settingName.default("app.request_id"),
  ipSetting: settingName.default("app.ip"),
  roles: z
    .strictObject({
      tenant: identifier.default("app_tenant"),
      door: identifier.default("app_door"),
      admin: identifier.default("app_admin"),
    })
    .prefault({})
    .refine((roles) => new Set(Object.values(roles)).size === 3, "the three roles must differ"),
  policyForm: z.enum(["initplan", "citus"]).default("initplan"),
  updatedAtColumn: z.union([identifier, z.literal(false)]).default("updated_at"),
  seed: z.string().min(1).optional(),
  servicePaths: z.array(z.string().min(1)).default([]),
  stamp: z.strictObject({ ignore: z.array(z.string().min(1)).default([]) }).prefault({}),
  probes: probesSchema.optional(),
  /** A command that takes a backup outside of development, run in a shell before migrations that drop or write over data. */
  backupHook: z.string().trim().min(1).optional(),
  /** Hosts other than this machine on which `tenantry reset` may empty a database that is marked as development's. */
  developmentHosts: z.array(z.string().min(1)).default([]),
  /** Tables from which `tenantry purge` deletes, as schema.table or table, each with the column that says when a row expires. */
  purge: z.record(z.string().min(1), identifier).default({}),
  migrate: z
    .strictObject({
      lockTimeout: duration,
      statementTimeout: duration,
      idleTimeout: duration,
      retryFor: duration,
      deadline: duration,
    })
    .prefault({}),
});

/** What a project may write into `defineTenancy({...})`; every field has a default. */
export type TenancyOptions = z.input<typeof tenancySchema>;

/** The tenancy of a project with every default filled in. */
export type TenancySettings = z.output<typeof tenancySchema>;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TenantryError `config-invalid`, naming each field that is wrong.
 * @example parseTenancySettings({ column: "org_id", columnType: "text" }).setting // "app.creator_id"
 */
export function parseTenancySettings(options: unknown): TenancySettings {
  const parsed = tenancySchema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  throw new TenantryError({
    code: "config-invalid",
    message: "The options of defineTenancy() are not valid.",
    details: parsed.error.issues.map((issue) => `${issue.path.join(".") || "options"}: ${issue.message}`),
    hint: "Correct the fields in drizzle.config.ts, or where defineTenancy() is called.",
  });
}
