import type { BackupReport } from "../../data/backup/create-backup.js";
import { formatTable } from "../format-table.js";

/** `1 row`, `1,234 rows`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

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
    `${countOf(bytes, "byte")}`,
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
