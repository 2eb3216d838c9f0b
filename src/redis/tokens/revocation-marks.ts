import { createHash, randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { GuardedRedis } from "../guarded-redis.js";
import { FILL, LOOK, REVOKE } from "./revocation-scripts.js";

/** What Redis says: up to when tokens are revoked, and whether that is all there is to know. */
export type Mark = {
  /** Milliseconds since 1970; undefined where nothing is known to be revoked. */
  readonly cutoff: number | undefined;
  readonly isComplete: boolean;
  /** Tells Redis what the database has answered. */
  readonly fill: (cutoff: number | undefined) => Promise<void>;
};

const UNKNOWN: Mark = { cutoff: undefined, isComplete: false, fill: async () => {} };
const RETRY_MS = 25;

/**
 * What is known of revocations in Redis, beside the table that is the truth.
 *
 * Why a token that is revoked is never taken for valid once `revoke()` has returned. "Valid" is only said of what is
 * complete: the database was asked no longer ago than `trustFor`, counted from before it was asked, by the clock of
 * Redis. Then, after the row is committed, either
 *
 * 1. Redis has confirmed the mark. What was complete is so no longer, and an answer that the database gave before is
 *    refused, since its nonce is gone. A flush takes the nonces, too. A server that was restarted from a snapshot, or has
 *    taken over in a failover, may have lost the mark and kept what was complete before it: but that was said by another
 *    process, with another run id, and does not count. Or
 * 2. Redis has not confirmed it, for whatever reason. Then `revoke()` returns no earlier than `trustFor` after the commit,
 *    when all that was complete before it has expired.
 *
 * What this rests on: the clock of Redis is not set back; one connection leads to one process (no proxy that spreads
 * commands); and a server that others have replaced stops answering, which `min-replicas-to-write` sees to. Where that
 * does not hold, `trustFor: 0` asks the database for each token that is not known to be revoked.
 */
export class RevocationMarks {
  readonly #redis: GuardedRedis | undefined;
  readonly #prefix: string;
  readonly #trustFor: number;

  constructor(redis: GuardedRedis | undefined, { prefix, trustFor }: { prefix: string; trustFor: number }) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#trustFor = trustFor;
  }

  /** @param subject what it is about, in parts that are never joined. */
  async look(subject: readonly string[], keepFor: number): Promise<Mark> {
    const nonce = randomBytes(12).toString("base64url");
    const key = this.#keyOf(subject);
    const reply = await this.#redis?.run(LOOK, key, [nonce, Math.max(1, this.#trustFor)]);
    if (reply === undefined) return UNKNOWN;
    const [found, state] = reply;
    const cutoff = typeof found === "string" && found !== "" ? Number(found) : undefined;
    const fill = async (answer: number | undefined) => {
      if (state !== "asks" || this.#trustFor === 0) return;
      await this.#redis?.run(FILL, key, [nonce, answer ?? "", this.#trustFor, keepFor]);
    };
    return { cutoff, isComplete: state === "known" && this.#trustFor > 0, fill };
  }

  /** Called when a revocation is committed; returns when no process takes what is revoked for valid any more. */
  async revoke(subject: readonly string[], cutoff: number, keepFor: number): Promise<void> {
    if (this.#redis === undefined) return;
    const deadline = performance.now() + this.#trustFor;
    for (;;) {
      if ((await this.#redis.run(REVOKE, this.#keyOf(subject), [cutoff, keepFor])) !== undefined) return;
      const left = deadline - performance.now();
      if (left <= 0) return;
      await wait(Math.min(RETRY_MS, left));
    }
  }

  #keyOf(subject: readonly string[]): string {
    const digest = createHash("sha256").update(JSON.stringify(subject)).digest("base64url");
    return `${this.#prefix}:revoked:{${digest}}`;
  }
}
