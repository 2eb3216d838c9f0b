import { formatTable } from "./format-table.js";
import type { Status, TableStatus } from "./read-status.js";

/** A status for people, at most 80 columns wide for names of usual length. */
export function formatStatus(status: Status): string {
  const { server, migrations } = status;
  const powers = [
    ...(server.superuser ? ["superuser"] : []),
    ...(server.bypassesRowSecurity ? ["bypasses row security"] : []),
    ...(server.createsRoles && !server.superuser ? ["creates roles"] : []),
    ...(server.readOnly ? ["read-only"] : []),
  ];
  const lines: readonly (readonly [string, string])[] = [
    [
      "server",
      `PostgreSQL ${server.version} at ${server.host}:${server.port}${server.embedded ? " (embedded)" : ""}`,
    ],
    ["database", server.database],
    ["role", `${server.role} (${powers.length === 0 ? "bound by row security" : powers.join(", ")})`],
    ["environment", status.environment],
    ["redis", status.redis],
    ["migrations", `${migrations.applied} applied, ${migrations.pending.length} pending`],
    ...migrations.pending.map(
      (name) =>
        [
          "",
          `pending: ${name}${migrations.late.includes(name) ? " (late: older than the newest)" : ""}${migrations.partial.includes(name) ? " (applied in part)" : ""}`,
        ] as const,
    ),
    ...migrations.edited.map((name) => ["", `edited after being applied: ${name}`] as const),
    ...migrations.missing.map((name) => ["", `applied, but not in the folder: ${name}`] as const),
    ...migrations.ambiguous.map((row) => ["", `could be one of several: ${row}`] as const),
    ...migrations.duplicates.map((name) => ["", `recorded more than once: ${name}`] as const),
    ...(migrations.heads.length > 1
      ? [["", `${migrations.heads.length} heads: see "tenantry heads"`] as const]
      : []),
  ];
  const facts = lines.map(([name, value]) => `${name.padEnd(12)}${value}`.trimEnd()).join("\n");
  return `${facts}\n\n${formatTables(status.tables)}\n\n${summarize(status.tables)}`;
}

function formatTables(tables: readonly TableStatus[]): string {
  return formatTable({
    headings: ["TABLE", "ROW SECURITY", "FORCED", "POLICIES", "KEY", "VERDICT"],
    widths: [30],
    rows: tables.map((table) =>
      table.exists
        ? [
            table.table,
            table.rowSecurity ? "on" : "off",
            table.forced ? "yes" : "no",
            String(table.policies),
            table.kind === "global" ? "-" : table.tenantLeadingKey ? "tenant first" : "other",
            table.verdict,
          ]
        : [table.table, "-", "-", "-", "-", table.verdict],
    ),
  });
}

function summarize(tables: readonly TableStatus[]): string {
  const isolated = tables.filter(({ verdict }) => verdict === "isolated").length;
  const shared = tables.filter(({ verdict }) => verdict === "shared").length;
  const others = tables.length - isolated - shared;
  const parts = [
    `${isolated} of ${tables.length} tables are isolated`,
    ...(shared === 0 ? [] : [`${shared} shared on purpose`]),
    ...(others === 0 ? [] : [`${others} ${others === 1 ? "is" : "are"} not`]),
  ];
  return `${parts.join(", ")}.`;
}
