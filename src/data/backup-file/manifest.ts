import { z } from "zod";
import { TENANT_COLUMN_TYPES } from "../../core/tenancy-settings.js";

const name = z.string().min(1);
const relation = z.object({ schema: name, name });

const table = relation.extend({
  partitioned: z.boolean(),
  /** Those that are stored: no generated ones. */
  columns: z.array(z.object({ name, type: name })),
  rows: z.number().int().min(0),
  /** SHA-256 of each row's line, added up: the same in any order. */
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Parses a partition of a backup. Not every one that PostgreSQL can make has this form. */
export const partitionSchema = relation.extend({
  parent: relation,
  /** Literals alone: it becomes part of a statement, and a file may come from anywhere. */
  bound: z
    .string()
    .regex(
      /^(?:DEFAULT|FOR VALUES (?:'(?:[^'\\]|'')*'|-?[0-9.]+|[(), ]|\b(?:IN|FROM|TO|WITH|modulus|remainder|NULL|MINVALUE|MAXVALUE|true|false)\b)+)$/,
    ),
  /** What it is partitioned by itself, if it is: columns alone. */
  key: z
    .string()
    .regex(/^(?:RANGE|LIST|HASH) \((?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+"|, )+\)$/)
    .nullable(),
  rowSecurity: z.boolean(),
  forced: z.boolean(),
});

const sequence = relation.extend({ lastValue: z.string().regex(/^-?\d+$/), isCalled: z.boolean() });

/** Parses the last frame of a backup. */
export const manifestSchema = z.object({
  createdAt: z.iso.datetime(),
  /** Of tenantry. */
  version: name,
  server: name,
  database: z.object({
    name,
    encoding: name,
    provider: z.string(),
    collate: z.string().nullable(),
    ctype: z.string().nullable(),
    locale: z.string().nullable(),
  }),
  /** What the database is marked with. */
  environment: z.string().nullable(),
  position: z.object({
    ledger: relation.extend({ shape: z.enum(["named", "unnamed"]) }),
    /** In the order in which they are applied. */
    migrations: z.array(z.object({ name, hash: name })),
    /** Of the whole catalog: see docs/formats.md. */
    fingerprint: name,
  }),
  tables: z.array(table),
  partitions: z.array(partitionSchema),
  sequences: z.array(sequence),
  materializedViews: z.array(relation),
  /** Of a backup of one tenant: its id, and the type of the tenant column. Absent: it is of the whole database. */
  tenant: z.object({ id: name, type: z.enum(TENANT_COLUMN_TYPES) }).optional(),
  leftOut: z.array(z.object({ name, reason: name })),
  frames: z.number().int().min(0),
});

/** What a backup says about itself. */
export type Manifest = z.infer<typeof manifestSchema>;

/** One table of it. */
export type ManifestTable = Manifest["tables"][number];
