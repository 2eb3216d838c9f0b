import type { Command } from "../../../rls/table-declaration.js";
import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { notApplicable, notPossible } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import { grantedColumn } from "./granted-column.js";

/** What a tenant may do with its own rows must work: else nothing is proven by the attacks that failed. */
export const useOwnRows: Probe = {
  id: "probe-outage",
  threats: [3, 4, 16],
  title: "the service cannot use its own rows",
  fix: "Restore the table's grants and its permissive policy (withTenantRls).",
  applies: isTenantTarget,
  attack: async (context) => {
    const outcomes = [];
    for (const command of context.target.declaration.commands)
      outcomes.push(await tryCommand(context, command));
    // Were the victim's row hidden from the victim itself, nobody else's not seeing it would say nothing.
    if (context.target.declaration.commands.includes("select"))
      outcomes.push(await tryCommand({ ...context, attacker: context.victim }, "select"));
    return judge.worst(outcomes);
  },
};

/** What the schema does not give must not work on one's own rows either: append-only tables stay so. */
export const useOtherCommands: Probe = {
  id: "probe-command",
  threats: [41, 85],
  title: "the service may do what the schema does not give it",
  fix: "Take the grant away: the completion grants the declared commands alone.",
  applies: ({ declaration }) => declaration.kind !== "global" && declaration.commands.length < 4,
  attack: async (context) => {
    const others = (["select", "insert", "update", "delete"] as const).filter(
      (command) => !context.target.declaration.commands.includes(command),
    );
    const outcomes: Outcome[] = [];
    for (const command of others) {
      const allowed = await tryCommand(context, command);
      const column =
        command === "update" || command === "insert" ? await grantedColumn(context, command) : undefined;
      if (allowed.result === "outage" && column !== undefined) {
        outcomes.push({ result: "leaked", evidence: `${command} is granted for the column ${column}` });
        continue;
      }
      outcomes.push(
        allowed.result === "held"
          ? { result: "leaked", evidence: `${command} of an own row was not refused` }
          : allowed.result === "outage"
            ? { result: "held" }
            : allowed,
      );
    }
    return judge.worst(outcomes);
  },
};

async function tryCommand(context: AttackContext, command: Command): Promise<Outcome> {
  const { session, target, attacker, newcomer, maker } = context;
  const own = aim.rowsOf(target, attacker);
  const state = { context: attacker.id };
  const isBlind = !target.declaration.commands.includes("select");
  if (isBlind && (command === "update" || command === "delete"))
    return notApplicable("without SELECT, no single row can be named");
  switch (command) {
    case "select":
      return judge.possible(
        await session.attack(state, `select 1 from ${target.place} where ${own} limit 1`),
        "SELECT",
      );
    case "update":
      return judge.possible(
        await session.attack(state, `update ${target.place} set ${aim.noChange(target)} where ${own}`),
        "UPDATE",
      );
    case "delete":
      // Rows of the tenant's own may refer to it.
      return judge.possible(
        await session.attack(state, `delete from ${target.place} where ${own}`),
        "DELETE",
        ["23503", "23001"],
      );
    case "insert": {
      const made = await session.undone(() => maker.make(target.shape, newcomer));
      if (!made.ok) return notPossible(`no second row could be made: ${made.reason}`);
      const answer = await session.attack({ context: newcomer.id }, bareInsert(target.shape, made.values));
      return judge.possible(answer, "INSERT");
    }
  }
}
