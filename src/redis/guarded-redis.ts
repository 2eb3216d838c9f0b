import { messageOf } from "../core/errors.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import type { RedisConnection } from "./redis-connection.js";
import type { RedisScript } from "./redis-script.js";

/** How Redis is asked. */
export type GuardedRedisOptions = {
  readonly redis: RedisConnection;
  /** Milliseconds to wait for an answer at most. Default 100. */
  readonly timeout?: number | undefined;
  /** Is told each failure; for logs. It is called for every one while Redis is down, but not while it is not asked. */
  readonly onProblem?: ((thrown: unknown) => void) | undefined;
};

const DEFAULT_TIMEOUT_MS = 100;

/**
 * Redis as something that may fail at any moment: an answer within the timeout, or undefined. Never throws.
 *
 * What Redis says is only worth something while it is the same process that was told: one that was restarted may have
 * lost any number of its last writes, and one that took over in a failover, too. Scripts therefore compare the run id
 * that each process draws when it starts. Reading it costs more than all else (0.1 ms), so it is remembered for as long
 * as the connection lasts; in a cluster, with several connections, it is read each time.
 */
export class GuardedRedis {
  readonly #redis: RedisConnection;
  readonly #timeout: number;
  readonly #onProblem: (thrown: unknown) => void;
  readonly #breaker = new CircuitBreaker();
  readonly #remembers: boolean;
  #connection = 0;
  #runId = "";

  constructor({ redis, timeout = DEFAULT_TIMEOUT_MS, onProblem = () => {} }: GuardedRedisOptions) {
    this.#redis = redis;
    this.#timeout = timeout;
    this.#onProblem = onProblem;
    this.#remembers = redis.nodes === undefined;
    const forget = () => {
      this.#connection += 1;
      this.#runId = "";
    };
    redis.on("close", forget);
    redis.on("end", forget);
  }

  /** Runs a script on one key, and gives what it returned; undefined where that is not known. */
  async run(
    script: RedisScript,
    key: string,
    args: readonly (string | number)[],
  ): Promise<readonly unknown[] | undefined> {
    if (!this.#breaker.admits()) return undefined;
    try {
      const connection = this.#connection;
      const reply = await this.#within(this.#evaluate(script, [key, this.#runId, ...args]));
      if (!Array.isArray(reply)) throw new Error("the reply of a script is no array");
      this.#breaker.succeeded();
      // Sent to one process, and perhaps answered by the next: what it says of itself is not known.
      if (this.#connection !== connection) return undefined;
      const [runId, answer] = reply;
      if (this.#remembers && typeof runId === "string") this.#runId = runId;
      return Array.isArray(answer) ? answer : undefined;
    } catch (thrown) {
      this.#breaker.failed();
      this.#report(thrown);
      return undefined;
    }
  }

  /** What a log does with it must not become the failure of a query. */
  #report(problem: unknown): void {
    try {
      this.#onProblem(problem);
    } catch {
      // There is nobody left to tell.
    }
  }

  async #evaluate(script: RedisScript, given: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.call("evalsha", [script.sha1, 1, ...given]);
    } catch (thrown) {
      if (!messageOf(thrown).startsWith("NOSCRIPT")) throw thrown;
      return await this.#redis.call("eval", [script.text, 1, ...given]);
    }
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    // It may still fail when nobody waits for it any more.
    answer.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const refuse = () => reject(new Error(`Redis has not answered within ${this.#timeout} ms`));
      timer = setTimeout(refuse, this.#timeout);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
