import { countOf } from "../../core/count-of.js";
import type { BackupReport } from "../../data/backup/create-backup.js";
import { formatTable } from "../format-table.js";

/** What a backup holds, for people. */
export function formatBackup({
  file,
  bytes,
  rows,
  encrypted,
  verified,
  manifest,
  removed,
}: BackupReport): string {
  const tables = formatTable({
    headings: ["TABLE", "ROWS"],
    rows: manifest.tables.map((table) => [
      `${table.schema}.${table.name}`,
      table.rows.toLocaleString("en-US"),
    ]),
  });
  const how = [
    `${countOf(rows, "row")} of ${countOf(manifest.tables.length, "table")}`,
    countOf(bytes, "byte"),
    ...(encrypted ? ["encrypted"] : []),
    verified ? "restored into the shadow and compared" : "not verified",
  ];
  return [
    tables,
    "",
    `Backed up ${manifest.database.name} into ${file}`,
    how.join(", "),
    ...(removed.length === 0
      ? []
      : [`removed ${countOf(removed.length, "older backup")}: ${removed.join(", ")}`]),
  ].join("\n");
}
