import { codeOf } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import { STATEMENT_BREAKPOINT } from "../folder/breakpoints.js";

/** SQL that is sent as one message. */
export type Piece = {
  readonly text: string;
  /** 1-based, in the migration's file; undefined for what is ours. */
  readonly line?: number;
  /** True for a statement of an earlier step that is said again. */
  readonly isAgain?: boolean;
};

/** What one piece came to. */
export type Sent = {
  readonly piece: Piece;
  /** Since the piece before it was done. */
  readonly milliseconds: number;
  readonly rows: readonly Record<string, unknown>[];
  readonly command: string;
};

/** The first piece that failed, and why. What was sent behind it has failed for that alone. */
export class PieceFailure extends Error {
  readonly piece: Piece;
  readonly index: number;
  readonly thrown: unknown;

  constructor(piece: Piece, index: number, thrown: unknown) {
    super("a statement failed", { cause: thrown });
    this.piece = piece;
    this.index = index;
    this.thrown = thrown;
  }
}

/**
 * Sends statements one behind the other without waiting in between, inside a transaction: after one that fails the server
 * skips the rest. In one round trip, whatever their number.
 *
 * @throws PieceFailure with the first one that failed.
 */
export async function sendPieces(session: Session, pieces: readonly Piece[]): Promise<Sent[]> {
  let last = performance.now();
  const settled = await Promise.allSettled(
    pieces.map(async (piece): Promise<Sent> => {
      // Simple, since there are no parameters; started in this order.
      const result = await session.unsafe(piece.text).execute();
      const now = performance.now();
      const milliseconds = now - last;
      last = now;
      // Several statements give several results; the last one's is told.
      const results: unknown = result;
      const only = Array.isArray(results) && Array.isArray(results[0]) ? results.flat() : result;
      return { piece, milliseconds, rows: only as Sent["rows"], command: result.command ?? "" };
    }),
  );
  return settled.map((outcome, index) => {
    const piece = pieces[index];
    if (outcome.status === "fulfilled") return outcome.value;
    if (piece === undefined) throw outcome.reason;
    throw new PieceFailure(piece, index, outcome.reason);
  });
}

/** The state of a failed piece, such as `55P03`. */
export function stateOf(thrown: unknown): string | undefined {
  return codeOf(thrown instanceof PieceFailure ? thrown.thrown : thrown);
}

/** A migration's pieces between breakpoints, each with its line; empty ones are left out. */
export function splitPieces(sql: string): Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  for (const raw of sql.split(STATEMENT_BREAKPOINT)) {
    const text = raw.trim();
    const skipped = raw.slice(0, raw.length - raw.trimStart().length);
    if (text !== "") pieces.push({ text, line: line + countLines(skipped) });
    line += countLines(raw);
  }
  return pieces;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
