import { judge } from "../judge.js";
import { HELD, leaked } from "../outcome.js";
import type { Probe } from "../probe.js";

/** TRUNCATE asks no policy. The privilege is checked before the lock, so that a refused attempt locks nothing. */
export const truncateTable: Probe = {
  id: "probe-truncate",
  threats: [41],
  title: "the service may TRUNCATE",
  fix: "revoke truncate on the table from the service role and from PUBLIC.",
  applies: () => true,
  attack: async ({ session, target, attacker }) => {
    const { place } = target;
    const literal = `'${place.replaceAll("'", "''")}'`;
    const state = { context: attacker.id };
    const asked = await session.attack(
      state,
      `select 1 where pg_catalog.has_table_privilege(${literal}, 'TRUNCATE')`,
    );
    if (!asked.ok) return judge.isRefused(asked) ? HELD : judge.unexpected(asked);
    if (asked.count > 0) return leaked("the role holds TRUNCATE, which empties the table for every tenant");
    const answer = await session.attack(state, `truncate ${place}`);
    if (answer.ok) return leaked("TRUNCATE was carried out");
    return judge.isRefused(answer) ? HELD : judge.unexpected(answer);
  },
};
