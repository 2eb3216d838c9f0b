/** A way for a service to ask for one tenant's newest rows. */
export type BenchClient = {
  readonly name: string;
  /** Connects, with so many connections at most. */
  readonly open: (url: URL, max: number) => Promise<OpenClient>;
};

/** A client that is connected. */
export type OpenClient = {
  readonly read: (tenant: string) => Promise<readonly { readonly creatorId: string }[]>;
  readonly close: () => Promise<void>;
};
