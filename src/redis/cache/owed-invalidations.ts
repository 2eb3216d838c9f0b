/** Scopes for which changes are remembered; beyond, nothing is trusted for as long as an entry can live. */
const MAX_SCOPES = 10_000;
const RETRY_MS = 500;

type Invalidate = (scope: string, changed: readonly string[]) => Promise<boolean>;

/**
 * Changes that are committed, and of which Redis could not be told. While one is owed, this process takes nothing from
 * that tenant's cache: it would read what it has itself overwritten. Each is paid as soon as Redis answers, for the sake
 * of the other processes, which read the old rows until then, or until these expire.
 */
export class OwedInvalidations {
  readonly #invalidate: Invalidate;
  readonly #longestTtl: number;
  readonly #owed = new Map<string, Map<string, number>>();
  #count = 0;
  #distrustUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(invalidate: Invalidate, longestTtl: number) {
    this.#invalidate = invalidate;
    this.#longestTtl = longestTtl;
  }

  /** True while something of this scope is owed, or so much that it is not known of which. */
  owes(scope: string): boolean {
    return this.#owed.has(scope) || performance.now() < this.#distrustUntil;
  }

  add(scope: string, changed: readonly string[]): void {
    if (this.#owed.size >= MAX_SCOPES && !this.#owed.has(scope)) {
      // Whatever is in Redis now has expired by then, and so has what a query still under way may add.
      this.#distrustUntil = performance.now() + 2 * this.#longestTtl;
      return;
    }
    const names = this.#owed.get(scope) ?? new Map<string, number>();
    for (const name of changed) names.set(name, ++this.#count);
    this.#owed.set(scope, names);
    this.#retryLater();
  }

  /** Pays what is owed of a scope. True if nothing is owed of it any more. */
  async settle(scope: string): Promise<boolean> {
    if (!this.owes(scope)) return true;
    const names = this.#owed.get(scope);
    if (names === undefined) return false;
    const paid = [...names];
    if (
      !(await this.#invalidate(
        scope,
        paid.map(([name]) => name),
      ))
    )
      return false;
    // What has become owed again meanwhile may not have been paid with it.
    for (const [name, count] of paid) if (names.get(name) === count) names.delete(name);
    if (names.size === 0 && this.#owed.get(scope) === names) this.#owed.delete(scope);
    return !this.owes(scope);
  }

  #retryLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#retry(), RETRY_MS);
    // Not a reason for a process to stay.
    this.#timer.unref();
  }

  async #retry(): Promise<void> {
    for (const scope of [...this.#owed.keys()]) if (!(await this.settle(scope))) break;
    this.#timer = undefined;
    if (this.#owed.size > 0) this.#retryLater();
  }
}
