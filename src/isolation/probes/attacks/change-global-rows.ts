import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { bareInsert } from "../row-maker.js";

/** Reads a shared table, which must work, and changes it, which must not. */
export const changeGlobalRows: Probe = {
  id: "probe-global",
  threats: [40],
  title: "the service changes shared rows, or cannot read them",
  fix: "Grant the service SELECT alone on a global table (globalTable).",
  applies: ({ declaration }) => declaration.kind === "global",
  attack: async ({ session, target, attacker, maker, newcomer }) => {
    const { place, shape } = target;
    const made = await session.undone(() => maker.make(shape, newcomer));
    const values = made.ok ? made.values : new Map<string, string>();
    const [first] = shape.columns;
    const written = made.ok || first === undefined ? values : new Map([[first.name, castTo(first, null)]]);
    const state = { context: attacker.id };
    return judge.worst([
      judge.possible(await session.attack(state, `select 1 from ${place} limit 1`), "SELECT"),
      judge.nothing(await session.attack(state, bareInsert(shape, written)), "a shared row was written"),
      judge.nothing(
        await session.attack(state, `update ${place} set ${aim.noChange(target)}`),
        "a shared row was changed",
      ),
      judge.nothing(await session.attack(state, `delete from ${place}`), "a shared row was deleted"),
    ]);
  },
};
