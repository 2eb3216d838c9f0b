import { z } from "zod";

/** The tenant for which the probes want a row. */
export type ProbeTenant = {
  /** The made-up tenant's id, as the setting holds it. The tenant column gets it by itself. */
  readonly id: string;
  /** A positive whole number that differs from row to row, for what must be unique. */
  readonly n: number;
  /**
   * The row that this tenant has in another table, by `schema.table`, or by its name alone in `public`; every value as
   * PostgreSQL prints it. Undefined if it has none (yet: see `after`).
   */
  readonly row: (table: string) => Readonly<Record<string, string | null>> | undefined;
};

/** Makes values for some columns of a row, by their names in the database, as an insert with Drizzle takes them. */
export type ProbeRow = (tenant: ProbeTenant) => Readonly<Record<string, unknown>>;

const rowFunction = z.custom<ProbeRow>(
  (value) => typeof value === "function",
  "write a function: (tenant) => ({ column: value })",
);

const tableName = z.string().min(1);

/** The rows that a project gives to the probes; a table that must wait for others names them in `after`. */
export const probesSchema = z.strictObject({
  rows: z
    .record(
      tableName,
      z.union([rowFunction, z.strictObject({ after: z.array(tableName).default([]), row: rowFunction })]),
    )
    .default({}),
});

/** {@link probesSchema}, parsed. */
export type ProbeSettings = z.output<typeof probesSchema>;
