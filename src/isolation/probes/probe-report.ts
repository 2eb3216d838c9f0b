import type { Finding } from "../../core/finding.js";
import type { Outcome } from "./outcome.js";

/** How one probe ended on one table, view or function. */
export type ProbeResult = { readonly probe: string; readonly subject: string; readonly outcome: Outcome };

/** A table that could not be attacked. */
export type NotProbed = { readonly subject: string; readonly reason: string; readonly fix: string };

/** What all probes found; plain data. */
export type ProbeReport = {
  /** True if every table was attacked and every attack held. */
  readonly clean: boolean;
  readonly results: readonly ProbeResult[];
  readonly notProbed: readonly NotProbed[];
  readonly findings: readonly Finding[];
  /** Subject, then probe, then how it ended. */
  readonly matrix: Readonly<Record<string, Readonly<Record<string, Outcome["result"]>>>>;
  /** False if the connection had had a tenant before, so that a fresh one was not tried. */
  readonly freshConnection: boolean;
  readonly milliseconds: number;
};
