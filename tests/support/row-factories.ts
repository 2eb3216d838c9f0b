import { createHash, randomUUID } from "node:crypto";

/** Column values by the columns' names in the database. */
export type Row = Readonly<Record<string, string | number | boolean | Date | null>>;

/** How to make a row of one table. */
export type RowFactory = {
  /**
   * A valid row, without its tenant column and without an `id`. No two are alike.
   *
   * @param label stands in the text of the row, to be looked for where it must not appear.
   * @param parents the ids of rows of the same creator, by their table's name.
   */
  readonly make: (label: string, parents: Readonly<Record<string, string>>) => Row;
  /** A change that every row accepts. */
  readonly change: Row;
  /** What must be set together with a reference, by the referencing column. */
  readonly withReference?: Readonly<Record<string, Row>>;
};

const DAY_MS = 86_400_000;
const hash = () => createHash("sha256").update(randomUUID()).digest("hex");
const tomorrow = () => new Date(Date.now() + DAY_MS);

/** One for each table of the schema, in an order in which rows can be made. */
export const ROW_FACTORIES: Readonly<Record<string, RowFactory>> = {
  creators: {
    make: (label) => ({
      email: `${randomUUID()}@example.com`,
      display_name: label,
      password_hash: `$argon2id$v=19$${label}`,
    }),
    change: { display_name: "changed" },
  },
  documents: {
    make: (label) => ({ title: label, content: `The text of ${label}`, checksum: hash() }),
    change: { title: "changed" },
  },
  widget_configurations: {
    make: (label) => ({ name: `${label} ${randomUUID()}`, greeting: label }),
    change: { greeting: "changed" },
  },
  refresh_tokens: {
    make: (label) => ({
      token_hash: hash(),
      family_id: randomUUID(),
      expires_at: tomorrow(),
      user_agent: label,
    }),
    change: { user_agent: "changed" },
    withReference: { replaced_by: { revoked_at: new Date(), revoked_reason: "rotated" } },
  },
  conversations: {
    make: (label, { widget_configurations: widget, documents: document }) => ({
      widget_id: widget ?? null,
      document_id: document ?? null,
      visitor_id: label,
    }),
    change: { visitor_id: "changed" },
  },
  jwt_blacklist: {
    make: (label) => ({ jti: `${label} ${randomUUID()}`, expires_at: tomorrow() }),
    change: { reason: "compromised" },
  },
  token_cutoffs: {
    make: () => ({ issued_until: new Date(), expires_at: tomorrow() }),
    change: { reason: "compromised" },
  },
  audit_logs: {
    make: (label) => ({ action: "export", table_name: "documents", actor: label }),
    change: { actor: "changed" },
  },
};
