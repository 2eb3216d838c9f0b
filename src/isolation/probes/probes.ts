import { callDoors } from "./attacks/call-doors.js";
import { callFunctions } from "./attacks/call-functions.js";
import { cascadeToAnother } from "./attacks/cascade-to-another.js";
import { changeGlobalRows } from "./attacks/change-global-rows.js";
import { deleteRows, updateRows } from "./attacks/change-rows.js";
import { confuseColumns } from "./attacks/confuse-columns.js";
import { followAuditTrail } from "./attacks/follow-audit-trail.js";
import { insertForAnother } from "./attacks/insert-for-another.js";
import { learnFromKeys, upsertOverRows } from "./attacks/learn-from-keys.js";
import { lockAndReturnRows } from "./attacks/lock-and-return-rows.js";
import { mergeRows } from "./attacks/merge-rows.js";
import { contextEmptied, contextUnset } from "./attacks/missing-context.js";
import { moveRow } from "./attacks/move-row.js";
import { reachChildren } from "./attacks/reach-children.js";
import { readRows } from "./attacks/read-rows.js";
import { readViews } from "./attacks/read-views.js";
import { referToAnother } from "./attacks/refer-to-another.js";
import { reusePlan } from "./attacks/reuse-plan.js";
import { truncateTable } from "./attacks/truncate-table.js";
import { useOtherCommands, useOwnRows } from "./attacks/use-own-rows.js";
import { useSettings } from "./attacks/use-settings.js";
import { widenPastFloor } from "./attacks/widen-past-floor.js";
import type { DatabaseProbe, Probe } from "./probe.js";

/** The attacks on each declared table, in the order of the matrix. */
export const TABLE_PROBES: readonly Probe[] = [
  contextUnset,
  contextEmptied,
  useOwnRows,
  readRows,
  insertForAnother,
  updateRows,
  deleteRows,
  moveRow,
  mergeRows,
  lockAndReturnRows,
  truncateTable,
  useOtherCommands,
  learnFromKeys,
  upsertOverRows,
  referToAnother,
  cascadeToAnother,
  useSettings,
  confuseColumns,
  reusePlan,
  reachChildren,
  followAuditTrail,
  widenPastFloor,
  changeGlobalRows,
];

/** The attacks on what stands around the tables. */
export const DATABASE_PROBES: readonly DatabaseProbe[] = [readViews, callFunctions, callDoors];

/** Every probe with what it covers, for the documentation. */
export const PROBES: readonly {
  readonly id: string;
  readonly threats: readonly number[];
  readonly title: string;
}[] = [...TABLE_PROBES, ...DATABASE_PROBES].map(({ id, threats, title }) => ({ id, threats, title }));
