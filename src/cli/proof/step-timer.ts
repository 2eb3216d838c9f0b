import type { Logger } from "../../core/logger.js";

/** How long each step took, in milliseconds. */
export type Timings = Readonly<Record<string, number>>;

/** Runs steps, says on the logger how long each took, and keeps it. */
export type StepTimer = {
  readonly step: <T>(name: string, run: () => Promise<T>) => Promise<T>;
  readonly timings: () => Timings;
};

/** Makes a {@link StepTimer}; steps may overlap. */
export function createStepTimer(logger: Logger): StepTimer {
  const timings: Record<string, number> = {};
  return {
    step: async (name, run) => {
      const started = performance.now();
      const result = await run();
      timings[name] = Math.round(performance.now() - started);
      logger.info(`${name}: ${timings[name]} ms`);
      return result;
    },
    timings: () => ({ ...timings }),
  };
}
