/** Remembers for a while which tenants have written, so that they read what they wrote. */
export class RecentWrites {
  readonly #windowMs: number;
  readonly #now: () => number;
  /** Tenants by the time of their last write; the oldest come first. */
  readonly #last = new Map<string, number>();

  /**
   * @param windowMs milliseconds for which a write counts.
   * @param now a clock that only goes forward, in milliseconds.
   */
  constructor(windowMs: number, now: () => number = () => performance.now()) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  note(tenant: string): void {
    const now = this.#now();
    // Again at the end, since a Map keeps the order of insertion.
    this.#last.delete(tenant);
    this.#last.set(tenant, now);
    for (const [other, at] of this.#last) {
      if (now - at <= this.#windowMs) break;
      this.#last.delete(other);
    }
  }

  has(tenant: string): boolean {
    const at = this.#last.get(tenant);
    return at !== undefined && this.#now() - at <= this.#windowMs;
  }
}
