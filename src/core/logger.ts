/** Where progress goes. Structural, so that pino, winston or console can be passed in. */
export type Logger = {
  /** A step that began or ended, for people who watch. */
  info(message: string): void;
  /** Something that went on, but that somebody should look at. */
  warn(message: string): void;
};

/** Says nothing. The default for programs; the CLI passes one that writes to stderr. */
export const silentLogger: Logger = {
  info: () => {},
  warn: () => {},
};
