import type { Finding } from "../../core/finding.js";
import type { NotProbed, ProbeReport } from "../../isolation/probes/probe-report.js";
import type { LoggedMigration, LoggedRun } from "../../migrate/history/logged-run.js";
import type { OtherMigration } from "../../migrate/history/read-history.js";
import type { Status, TableStatus } from "../read-status.js";

/** A part of a report that was read, or why it was not. Nothing is left out in silence. */
export type Part<T> = ({ readonly read: true } & T) | { readonly read: false; readonly reason: string };

/** What found a finding. */
export type FoundBy = "catalog" | "comparison" | "rows" | "attacks" | "rehearsal";

/** A finding, and everything that found it. */
export type ReportFinding = Finding & { readonly foundBy: readonly FoundBy[] };

/** A foreign key between two tables of the report. */
export type Reference = {
  readonly from: string;
  readonly to: string;
  readonly constraint: string;
  readonly columns: readonly string[];
  /** False if both are tables of tenants, and the key lets a row refer to another tenant's. */
  readonly keepsTenant: boolean;
};

/** One table. */
export type ReportTable = TableStatus & {
  readonly partitions: number;
  /** How many errors and warnings are about it. */
  readonly findings: number;
};

/** What a rule would refuse, and the schema allows with a reason. */
export type Exception = {
  readonly kind: "global table" | "key for all tenants" | "wider policy" | "door" | "other exception";
  readonly table: string;
  /** The constraint, policy or function; the table itself for a global table. */
  readonly subject: string;
  /** The rule that would refuse it. */
  readonly rule: string | undefined;
  readonly reason: string;
};

/** A role, and whether it may see rows of more than one tenant. */
export type ReportRole = {
  readonly name: string;
  /** Such as `service login` or `admin role`. */
  readonly is: readonly string[];
  readonly login: boolean;
  readonly crosses: "no" | "through doors" | "yes";
  /** Why it may or may not, one sentence each. */
  readonly why: readonly string[];
};

/** A door, and whether the database has it. */
export type ReportDoor = {
  readonly name: string;
  readonly table: string;
  readonly by: readonly string[];
  /** Empty if it tells only whether there is a row. */
  readonly returns: readonly string[];
  readonly to: string;
  readonly reason: string;
  readonly exists: boolean;
};

/** The attacks: on the target itself, or on what the migrations make of a shadow. */
export type Attacks = Pick<ProbeReport, "matrix" | "milliseconds"> & {
  readonly on: "shadow" | "target";
  /** The version of the server that was attacked. */
  readonly server: string;
  /** In the order in which they were tried. */
  readonly probes: readonly { readonly id: string; readonly title: string }[];
  readonly notProbed: readonly NotProbed[];
};

/** The past of the database, the newest run first. */
export type Timeline = {
  readonly hasLog: boolean;
  readonly runs: readonly { readonly run: LoggedRun; readonly migrations: readonly LoggedMigration[] }[];
  readonly older: number;
  readonly others: readonly OtherMigration[];
};

/** The one thing that a reader wants to know. */
export type Verdict = {
  readonly state: "isolated" | "not isolated" | "different" | "not proven";
  /** One sentence. */
  readonly sentence: string;
};

/** Everything that a report says; plain data, the same for `--json` and for the page. */
export type Report = {
  readonly format: 1;
  readonly madeAt: Date;
  /** The same where it was made, such as `2026-11-26 06:00:00+01:00, Europe/Berlin`. All other times are UTC. */
  readonly localTime: string;
  readonly project: string;
  readonly environment: string;
  /** What the database itself was marked with. */
  readonly mark: Part<{ readonly environment: string | undefined }>;
  readonly version: string;
  readonly git: Part<{ readonly revision: string; readonly changed: boolean }>;
  readonly server: Status["server"];
  readonly verdict: Verdict;
  readonly tables: readonly ReportTable[];
  readonly references: readonly Reference[];
  readonly attacks: Part<Attacks>;
  readonly drift: Part<{ readonly comparedWith: "shadow" | "schema" }>;
  readonly rows: Part<unknown>;
  readonly migrations: Part<Status["migrations"]>;
  readonly timeline: Part<Timeline>;
  /** Sorted: errors first. */
  readonly findings: readonly ReportFinding[];
  readonly exceptions: readonly Exception[];
  readonly roles: readonly ReportRole[];
  /** Roles of the server that cross nothing and are no service. */
  readonly otherRoles: number;
  readonly doors: readonly ReportDoor[];
  readonly warnings: readonly string[];
};

/** The parts that could not be read, by what they are called on the page. */
export function listUnread(report: Report): { readonly part: string; readonly reason: string }[] {
  const parts: readonly (readonly [string, Part<unknown>])[] = [
    ["The attacks", report.attacks],
    ["The comparison with the code", report.drift],
    ["The rows", report.rows],
    ["The migrations", report.migrations],
    ["The run log", report.timeline],
    ["The revision of the project", report.git],
    ["The mark of the environment", report.mark],
  ];
  return parts.flatMap(([part, each]) => (each.read ? [] : [{ part, reason: each.reason }]));
}
