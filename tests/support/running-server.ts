/** A server that the tests may use. */
export type RunningServer = {
  readonly url: string;
  /** How it was come by, for the line that each run prints. */
  readonly origin: string;
  readonly stop: () => Promise<void>;
  /** Ends it at once, for a process that is about to exit; missing where that happens by itself. */
  readonly kill?: () => void;
};
