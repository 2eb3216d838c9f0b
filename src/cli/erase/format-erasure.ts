import { countOf } from "../../core/count-of.js";
import type { EraseReceipt } from "../../data/erase/erase.js";
import type { ForgottenTenant } from "../../redis/forget-tenant.js";
import { formatTable } from "../format-table.js";
import { wrapText } from "../wrap-text.js";

/** A receipt, and what else people are told. */
export type ToldErasure = {
  readonly tenant: string;
  readonly receipt: EraseReceipt;
  readonly dryRun: boolean;
  readonly redis: ForgottenTenant | undefined;
};

const TREATED = { keep: "kept", pseudonymise: "pseudonymised", delete: "deleted" } as const;

/** What an erasure did, for people: counts by table, then what became of the log and of Redis. */
export function formatErasure({ tenant, receipt, dryRun, redis }: ToldErasure): string {
  const { tables, auditLog, statements } = receipt;
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  const table = formatTable({
    headings: ["TABLE", dryRun ? "ROWS" : "DELETED"],
    rows: tables.map(({ table: name, rows }) => [name, String(rows)]),
  });
  const log =
    auditLog === undefined
      ? []
      : [
          `${auditLog.table}: ${auditLog.rows} rows of the creator ${dryRun ? "so far, to be" : ""} ${TREATED[auditLog.treatment]}.`,
        ];
  const told = [
    `${dryRun ? "Would erase" : "Erased"} ${tenant}: ${countOf(total, "row")}.`,
    ...log,
    ...(dryRun || redis === undefined ? [] : [tellRedis(redis)]),
  ];
  return [
    ...(dryRun ? [`-- $1 is the creator's id\n${statements.map((one) => `${one};`).join("\n")}`] : []),
    table,
    told.flatMap((line) => wrapText(line.replaceAll(/ {2,}/g, " "), 0)).join("\n"),
  ].join("\n\n");
}

function tellRedis({ caches, tokensRevoked }: ForgottenTenant): string {
  const cache = caches === 0 ? "the cache had nothing" : "the cache was deleted";
  return `Redis: ${cache}; access tokens ${tokensRevoked ? "issued until now are revoked" : "could not be revoked"}.`;
}
