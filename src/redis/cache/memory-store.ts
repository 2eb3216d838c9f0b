import { randomBytes } from "node:crypto";
import type { CacheStore, Entry, Filling, Found } from "./cache-store.js";

/** How much is kept in memory. */
export type MemoryStoreLimits = {
  /** Bytes at most that one tenant's entries take. */
  readonly maxTenantBytes: number;
  /** Tenants at most; of more, those that have not been asked for longest are forgotten. */
  readonly maxTenants: number;
  readonly leadFor: number;
};

type Kept = { readonly versions: string; readonly text: string; readonly expires: number };
type Lead = { readonly claim: string; readonly versions: string; readonly until: number };
type Scope = {
  readonly versions: Map<string, string>;
  /** Least recently used first. */
  readonly entries: Map<string, Kept>;
  readonly leads: Map<string, Lead>;
  characters: number;
};

/** Versions of one tenant at most: of its tables, and of the tags that a service gives. */
const MAX_NAMES = 10_000;
/** Entries of one tenant at most: small ones take more than their text. */
const MAX_ENTRIES = 10_000;
/** V8 keeps most texts in one byte a character, some in two. */
const BYTES_PER_CHARACTER = 2;

/** The same as in Redis, in this process alone; each tenant has its own room, and its least recently used entry goes. */
export class MemoryStore implements CacheStore {
  readonly #limits: MemoryStoreLimits;
  readonly #scopes = new Map<string, Scope>();

  constructor(limits: MemoryStoreLimits) {
    this.#limits = limits;
  }

  async look({ scope, name, dependsOn }: Entry, claim: string): Promise<Found> {
    const here = this.#open(scope);
    const now = performance.now();
    const versions = dependsOn.map((of) => versionOf(here, of)).join(",");
    const kept = here.entries.get(name);
    if (kept?.versions === versions && kept.expires > now) {
      here.entries.delete(name);
      here.entries.set(name, kept);
      return { state: "hit", text: kept.text };
    }
    const lead = here.leads.get(name);
    if (lead?.versions === versions && lead.until > now) return { state: "miss", versions, leads: false };
    here.leads.set(name, { claim, versions, until: now + this.#limits.leadFor });
    return { state: "miss", versions, leads: true };
  }

  async fill(
    { scope, name, dependsOn }: Entry,
    claim: string,
    { versions, text, ttl }: Filling,
  ): Promise<void> {
    const here = this.#scopes.get(scope);
    if (here === undefined) return;
    if (here.leads.get(name)?.claim === claim) here.leads.delete(name);
    if (text === "" || dependsOn.map((of) => here.versions.get(of) ?? "").join(",") !== versions) return;
    forget(here, name);
    here.entries.set(name, { versions, text, expires: performance.now() + ttl });
    here.characters += text.length;
    for (const oldest of here.entries.keys()) {
      const isSmall = here.characters * BYTES_PER_CHARACTER <= this.#limits.maxTenantBytes;
      if (isSmall && here.entries.size <= MAX_ENTRIES) break;
      forget(here, oldest);
    }
  }

  async invalidate(scope: string, changed: readonly string[]): Promise<boolean> {
    const here = this.#scopes.get(scope);
    for (const name of changed) here?.versions.delete(name);
    return true;
  }

  #open(scope: string): Scope {
    const here = this.#scopes.get(scope) ?? {
      versions: new Map(),
      entries: new Map(),
      leads: new Map(),
      characters: 0,
    };
    this.#scopes.delete(scope);
    this.#scopes.set(scope, here);
    for (const oldest of this.#scopes.keys()) {
      if (this.#scopes.size <= this.#limits.maxTenants) break;
      this.#scopes.delete(oldest);
    }
    // A lead whose query has failed is never given up.
    if (here.leads.size > MAX_NAMES) here.leads.clear();
    if (here.versions.size > MAX_NAMES) here.versions.clear();
    return here;
  }
}

function versionOf(here: Scope, name: string): string {
  const known = here.versions.get(name);
  if (known !== undefined) return known;
  const fresh = randomBytes(12).toString("base64url");
  here.versions.set(name, fresh);
  return fresh;
}

function forget(here: Scope, name: string): void {
  here.characters -= here.entries.get(name)?.text.length ?? 0;
  here.entries.delete(name);
}
