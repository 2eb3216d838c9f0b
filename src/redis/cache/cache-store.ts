/** What a store holds for one query of one tenant. */
export type Found =
  | { readonly state: "hit"; readonly text: string }
  | {
      readonly state: "miss";
      /** The versions of all that the query depends on, as they were before it ran. */
      readonly versions: string;
      /** True for the one that is to run the query, and for which others may wait. */
      readonly leads: boolean;
    }
  | { readonly state: "unavailable" };

/** One query's entry. */
export type Entry = {
  /** Whose it is, and of which schema. */
  readonly scope: string;
  readonly name: string;
  /** Tables and tags: a change of any makes the entry invalid. Sorted. */
  readonly dependsOn: readonly string[];
};

/** What is to be kept, and on which condition. */
export type Filling = {
  readonly versions: string;
  readonly text: string;
  readonly ttl: number;
};

/**
 * Where entries are kept. A version is a random text, drawn when something is first asked for and forgotten when it is
 * changed; it is never drawn twice. An entry counts for the versions that were read before its query ran, and no others:
 * so a query that began before a change, and ends after it, cannot leave what it has read as if it were new; and it does
 * no harm when versions are lost.
 */
export type CacheStore = {
  /** @param claim names the caller, should it lead. */
  look(entry: Entry, claim: string): Promise<Found>;
  /** Keeps the rows if the versions are still what they were, and gives up the lead in any case. */
  fill(entry: Entry, claim: string, filling: Filling): Promise<void>;
  /** Forgets versions. False where it is not known to have happened. */
  invalidate(scope: string, changed: readonly string[]): Promise<boolean>;
};
