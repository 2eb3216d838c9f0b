import type { TableDeclaration } from "../../rls/table-declaration.js";
import type { Expected } from "../expected.js";
import type { Outcome } from "./outcome.js";
import type { ProbeSession } from "./probe-session.js";
import type { RowMaker } from "./row-maker.js";
import type { Shapes, TableShape } from "./table-shape.js";
import type { TenantRows } from "./tenant-rows.js";

/** A table that can be attacked. */
export type ProbeTarget = {
  /** As people name it. */
  readonly subject: string;
  /** As SQL names it. */
  readonly place: string;
  readonly shape: TableShape;
  readonly declaration: TableDeclaration;
  /** The tenant column, quoted; `null` in SQL for global tables. */
  readonly tenant: string;
};

/** What all attacks may use. */
export type ProbeWorld = {
  readonly session: ProbeSession;
  readonly maker: RowMaker;
  readonly shapes: Shapes;
  readonly expected: Expected;
  readonly targets: readonly ProbeTarget[];
  /** Has a row in every table. */
  readonly attacker: TenantRows;
  /** Has a row in every table. */
  readonly victim: TenantRows;
  /** The id of a tenant that has no rows yet. */
  readonly spareTenantId: string;
  /** The id of another. */
  readonly markedTenantId: string;
  /** Different for every run. */
  readonly run: string;
  /** True if nobody else uses the database, so that policies may be created and everything be changed. */
  readonly throwAway: boolean;
};

/** What the attacks on one table may use. */
export type AttackContext = ProbeWorld & {
  readonly target: ProbeTarget;
  /** Has rows in the tables that this one refers to, and none in it. */
  readonly newcomer: TenantRows;
  /** The same, of another tenant. */
  readonly stranger: TenantRows;
};

/** One kind of attack on one table. Its id is the rule's id of its findings. */
export type Probe = {
  readonly id: string;
  /** The numbers in the catalogue of leaks that it covers. */
  readonly threats: readonly number[];
  /** What the service could do if it worked, as it stands in a finding: `reads rows of another tenant`. */
  readonly title: string;
  readonly fix: string;
  /** `unset` runs before any setting has been made on the connection. Default `set`. */
  readonly phase?: "unset" | "set";
  readonly applies: (target: ProbeTarget) => boolean;
  readonly attack: (context: AttackContext) => Promise<Outcome>;
};

/** How an attack on a view or a function ended. */
export type DatabaseAnswer = { readonly subject: string; readonly outcome: Outcome };

/** One kind of attack on what is not a declared table. */
export type DatabaseProbe = Pick<Probe, "id" | "threats" | "title" | "fix"> & {
  readonly attack: (world: ProbeWorld) => Promise<readonly DatabaseAnswer[]>;
};

/** True for every table with a tenant. */
export function isTenantTarget({ declaration }: ProbeTarget): boolean {
  return declaration.kind !== "global";
}
