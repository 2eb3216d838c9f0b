import { createHash } from "node:crypto";
import { uuidV7 } from "tenantry";
import type { AsOptions, TenantClient, TenantDatabase } from "tenantry/client";
import { documents } from "tenantry/schema";
import type { relations } from "tenantry/schema/generated/relations";

/** The client that is put under load. */
export type SoakClient = TenantClient<typeof relations>;

/** What is remembered of a document. */
export type Doc = { readonly id: string; readonly title: string; readonly version: number };

/** All documents of one tenant, by id. */
export type State = ReadonlyMap<string, Doc>;

/** What came back that should not have. */
export class Wrong extends Error {
  readonly isLeak: boolean;

  constructor(message: string, isLeak: boolean) {
    super(message);
    this.isLeak = isLeak;
  }
}

type Row = Doc & { readonly creatorId: string };

/** One tenant, what it must have by now, and random choices. What is done for it is done one after the other. */
export class Lane {
  readonly tenant: string;
  readonly random: () => number;
  readonly db: SoakClient;
  state: State = new Map();
  #number = 0;

  constructor(db: SoakClient, tenant: string, random: () => number) {
    this.db = db;
    this.tenant = tenant;
    this.random = random;
  }

  as(options?: AsOptions): TenantDatabase<typeof relations> {
    return this.db.as(this.tenant, options);
  }

  /** A new document, and the row that makes it. */
  draft(): { doc: Doc; row: { id: string; title: string; checksum: string } } {
    const id = uuidV7();
    this.#number += 1;
    // Titles repeat, within tenants and among them.
    const title = `title ${Math.floor(this.random() * 5)}`;
    const checksum = createHash("sha256").update(id).digest("hex");
    return { doc: { id, title, version: 1 }, row: { id, title, checksum } };
  }

  /** One of the documents, or undefined where there is none. */
  pick(): Doc | undefined {
    const all = [...this.state.values()];
    return all[Math.floor(this.random() * all.length)];
  }

  /** The state with these in it, in place of those of the same id. */
  with(...docs: readonly Doc[]): State {
    const next = new Map(this.state);
    for (const doc of docs) next.set(doc.id, doc);
    return next;
  }

  without(id: string): State {
    const next = new Map(this.state);
    next.delete(id);
    return next;
  }

  /** Holds rows against the documents that they must be, in whatever order. */
  expectRows(rows: readonly Row[], expected: Iterable<Doc>): void {
    for (const { creatorId } of rows)
      if (creatorId !== this.tenant) throw new Wrong(`${this.tenant} was shown a row of ${creatorId}`, true);
    const wanted = [...expected];
    const found = new Map(rows.map((row) => [row.id, row]));
    const same =
      rows.length === wanted.length &&
      wanted.every(({ id, title, version }) => {
        const row = found.get(id);
        return row?.title === title && row.version === version;
      });
    if (!same) throw new Wrong(`${rows.length} rows instead of the ${wanted.length} of the model`, false);
  }

  expectEqual(found: unknown, expected: unknown): void {
    if (found !== expected) throw new Wrong(`${String(found)} instead of ${String(expected)}`, false);
  }

  /** What the tenant has in truth, as often as it takes to be told. */
  async readAll(): Promise<Row[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.as().select(COLUMNS).from(documents);
      } catch (thrown) {
        if (tries === 50) throw thrown;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** Of a row, what the model remembers. */
export const COLUMNS = {
  creatorId: documents.creatorId,
  id: documents.id,
  title: documents.title,
  version: documents.version,
};
