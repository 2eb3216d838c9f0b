import { messageOf, TenantryError } from "../../core/errors.js";
import { type GuardOptions, guardConnection } from "../guards/guard-connection.js";
import { ConnectionPool, type PoolOptions } from "../pool/connection-pool.js";

/** How long a replica that did not answer is not asked again, in milliseconds. */
const REST_MS = 5_000;

/** What does not pass by itself: such a replica is never asked. */
const UNFIT: ReadonlySet<string> = new Set(["role-insufficient", "server-too-old", "manifest-mismatch"]);

/** One replica: its connections, and whether it may be asked. */
export class Replica {
  readonly pool: ConnectionPool;
  readonly #guard: GuardOptions;
  #state: "unknown" | "sound" | "unfit" = "unknown";
  #prepares = true;
  #restsUntil = 0;
  #guarding: Promise<void> | undefined;

  constructor(url: URL, pool: PoolOptions, guard: GuardOptions) {
    this.pool = new ConnectionPool(url, pool);
    this.#guard = guard;
  }

  /** True if its statements are kept prepared. */
  get prepares(): boolean {
    return this.#prepares;
  }

  /** False while it rests, and for ever where its login may not serve tenants. */
  get mayAnswer(): boolean {
    return this.#state !== "unfit" && performance.now() >= this.#restsUntil;
  }

  /** Is not asked for a while. */
  rest(): void {
    this.#restsUntil = performance.now() + REST_MS;
  }

  /**
   * Makes sure once that row security binds the login there too; a replica that cannot be reached rests instead.
   *
   * @throws TenantryError `role-insufficient`, `server-too-old`, `manifest-mismatch`
   */
  async guard(): Promise<void> {
    if (this.#state === "sound") return;
    this.#guarding ??= this.#check().finally(() => {
      this.#guarding = undefined;
    });
    await this.#guarding;
  }

  async #check(): Promise<void> {
    try {
      const { prepares } = await guardConnection(this.pool, this.#guard);
      this.#prepares = prepares;
      this.#state = "sound";
    } catch (thrown) {
      if (thrown instanceof TenantryError && UNFIT.has(thrown.code)) {
        this.#state = "unfit";
        throw thrown;
      }
      this.rest();
      this.#guard.warn(`a replica is passed over: ${messageOf(thrown)}`);
    }
  }

  /** True once {@link Replica.guard} has found it sound. */
  get isSound(): boolean {
    return this.#state === "sound" && this.mayAnswer;
  }
}
