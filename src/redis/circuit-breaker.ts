/** Failures in a row after which no more is tried for a while. */
const THRESHOLD = 5;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Keeps a service from waiting for what does not answer: after five failures in a row nothing is tried for 250 ms, then
 * one call; each time that fails, too, the pause is twice as long, up to 10 s.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  #failures = 0;
  #closedFrom = 0;
  #pause = FIRST_PAUSE_MS;
  #isTrying = false;

  /** @param now milliseconds of a clock that does not jump. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a call may be tried. One that may must be followed by `succeeded()` or `failed()`. */
  admits(): boolean {
    if (this.#failures < THRESHOLD) return true;
    if (this.#isTrying || this.#now() < this.#closedFrom) return false;
    this.#isTrying = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pause = FIRST_PAUSE_MS;
    this.#isTrying = false;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures < THRESHOLD) return;
    // Those that were under way when it opened say nothing new.
    if (this.#failures > THRESHOLD && !this.#isTrying) return;
    this.#closedFrom = this.#now() + this.#pause;
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.#isTrying = false;
  }
}
