/**
 * What is used of an ioredis client: `new Redis(…)`, with sentinels or without, or `new Cluster(…)`. Its own settings
 * decide how it connects and comes back; how long a caller waits is decided here.
 */
export type RedisConnection = {
  call(command: string, args: (string | number)[]): Promise<unknown>;
  on(event: "close" | "end", listener: () => void): unknown;
  /** A cluster's; its keys are spread over several servers. */
  readonly nodes?: unknown;
};
