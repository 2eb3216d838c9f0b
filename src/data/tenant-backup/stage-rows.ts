import { messageOf, TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readRows } from "../backup-file/read-frames.js";
import type { CopyEncoding, RowsIn } from "../rows/copy-rows.js";
import { copyIn } from "../rows/copy-rows.js";
import { tableKey } from "../rows/read-tables.js";
import type { TenantShape } from "./tenant-shapes.js";

/** A table's rows in a temporary table. */
export type StagedTable = {
  readonly shape: TenantShape;
  /** Quoted, with its schema. */
  readonly place: string;
  /** Quoted, with commas between them. */
  readonly columns: string;
};

/** What to stage. */
export type StageRequest = {
  readonly file: BackupFile;
  readonly manifest: Manifest;
  readonly shapes: readonly TenantShape[];
  readonly encoding: CopyEncoding;
  readonly tenant: string;
};

/**
 * Loads the rows of a backup into temporary tables without constraints, and looks at each row's tenant there.
 *
 * @throws TenantryError `isolation` if a row is not the tenant's; `backup-invalid`.
 */
export async function stageRows(session: Session, request: StageRequest): Promise<StagedTable[]> {
  const { manifest, shapes, tenant } = request;
  const byKey = new Map(shapes.map((shape) => [tableKey(shape), shape]));
  const staged: StagedTable[] = [];
  for (const [index, table] of manifest.tables.entries()) {
    const shape = byKey.get(tableKey(table));
    if (shape === undefined) throw new Error("a table that the target lacks was let through");
    const place = qualify("pg_temp", nameOf(index));
    const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ");
    await session.unsafe(
      `create temporary table ${quoteIdentifier(nameOf(index))} on commit drop as
       select ${columns} from ${qualify(table.schema, table.name)} with no data`,
    );
    staged.push({ shape, place, columns });
  }
  await copyAll(session, request);
  for (const { place, shape } of staged) {
    const { tenantColumn, tenantType } = shape.tenantTable;
    const [row] = await session.unsafe<{ rows: number }[]>(
      `select count(*)::int as rows from ${place} where ${quoteIdentifier(tenantColumn)} is distinct from cast($1 as ${tenantType})`,
      [tenant],
    );
    if (row?.rows === 0) continue;
    throw new TenantryError({
      code: "isolation",
      message: `The backup has rows for ${shape.schema}.${shape.name} that are not this creator's: ${row?.rows}.`,
      hint: "Nothing was changed. The file was not made by tenantry backup --creator; do not use it.",
    });
  }
  return staged;
}

async function copyAll(session: Session, { file, manifest, encoding }: StageRequest): Promise<void> {
  let open: { readonly index: number; readonly copy: RowsIn } | undefined;
  try {
    for await (const { table: index, rows } of readRows(file)) {
      if (open?.index !== index) {
        await open?.copy.end();
        const columns = manifest.tables[index]?.columns;
        if (columns === undefined) throw new Error("the backup has rows of a table that its manifest lacks");
        const target = { schema: "pg_temp", name: nameOf(index), partitioned: false, columns };
        open = { index, copy: await copyIn(session, target, encoding) };
      }
      await open.copy.write(rows);
    }
    await open?.copy.end();
  } catch (thrown) {
    open?.copy.abort(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    throw thrown;
  }
}

const nameOf = (index: number) => `tenantry_restore_${index}`;
