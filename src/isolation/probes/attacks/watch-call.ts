import { aim } from "../aim.js";
import type { ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { Answer, AnswerRow } from "../probe-session.js";
import type { TenantRows } from "../tenant-rows.js";

/** A call as SQL, with values of a tenant's rows. */
export type Call = { readonly text: string; readonly tenant: TenantRows };

/** What one caller got. */
export type Seen = {
  /** The same for the same answer. */
  readonly key: string;
  /** As text, cut where it is long; undefined if the call failed. */
  readonly content: string | undefined;
  /** True if rows of the other tenants are not what they were. */
  readonly hasChanged: boolean;
  /** Why the call failed. */
  readonly trouble: string | undefined;
};

/** What all callers got. */
export type Watched = {
  readonly attacker: Seen;
  /** The attacker once more: what differs from the first call differs by itself. */
  readonly again: Seen;
  /** Without a tenant. */
  readonly nobody: Seen;
  /** The tenant whose values are in the call. */
  readonly own: Seen;
};

/** How a function may be called. */
export type Watching = {
  /** True if it may change something: then the tenants' rows are compared. */
  readonly changes: boolean;
  /** True if it must not. */
  readonly isReadOnly: boolean;
};

/** Longer texts are cut. */
const MOST_CHARACTERS = 100_000;

/** Calls a function as the attacker, as nobody and as the tenant that it is about. */
export async function watchCall(
  world: ProbeWorld,
  { text, tenant }: Call,
  tenants: readonly TenantRows[],
  { changes, isReadOnly }: Watching,
): Promise<Watched> {
  const { session, attacker } = world;
  const statement = `select left(coalesce(string_agg(f::text, chr(10) order by f::text), ''), ${MOST_CHARACTERS}) as content,
md5(coalesce(string_agg(f::text, chr(10) order by f::text), '')) || count(*) as digest from ${text} as f`;
  const proof = fingerprintQuery(world, tenants);
  const base = changes ? await session.owner(proof) : [];
  const settings: Record<string, string> = isReadOnly ? { transaction_read_only: "on" } : {};
  const call = async (context: string): Promise<Seen> => {
    const state = { context, settings };
    if (!changes) return seen(await session.attack(state, statement), false);
    const { answer, proof: after } = await session.attackAndProve(state, statement, proof);
    return seen(answer, answer.ok && contentOf(base) !== contentOf(after));
  };
  return {
    attacker: await call(attacker.id),
    again: await call(attacker.id),
    nobody: await call(""),
    own: await call(tenant.id),
  };
}

function seen(answer: Answer, hasChanged: boolean): Seen {
  if (answer.ok) {
    const { content = null, digest = null } = answer.rows[0] ?? {};
    return { key: `${digest}`, content: content ?? "", hasChanged, trouble: undefined };
  }
  const trouble = `${answer.code}: ${answer.message}`;
  return { key: answer.code, content: undefined, hasChanged, trouble };
}

/** Counts and digests of the rows of some tenants in every table. */
function fingerprintQuery({ targets }: ProbeWorld, tenants: readonly TenantRows[]): string {
  const parts = targets.filter(isTenantTarget).flatMap((target) =>
    tenants.map((tenant) => {
      const rows = `select md5(t::text) as line from ${target.place} t where ${aim.rowsOf(target, tenant)}`;
      return `(select count(*) || coalesce(md5(string_agg(line, '' order by line)), '') from (${rows}) as r)`;
    }),
  );
  return `select array_to_string(array[${["''", ...parts].join(", ")}], ',') as content`;
}

function contentOf(rows: readonly AnswerRow[]): string | null | undefined {
  return rows[0]?.content;
}
