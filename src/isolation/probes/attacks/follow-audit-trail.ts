import { qualify } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { judge } from "../judge.js";
import { leaked, notApplicable, notPossible } from "../outcome.js";
import type { Probe } from "../probe.js";
import { bareInsert } from "../row-maker.js";

/** Changes an own row and looks at whose the audit row is. */
export const followAuditTrail: Probe = {
  id: "probe-audit",
  threats: [49, 85],
  title: "a change leaves no audit row, or leaves it to another tenant",
  fix: 'Restore the audit trigger: "tenantry create NAME" writes it.',
  applies: ({ declaration }) => declaration.audit && declaration.commands.includes("insert"),
  attack: async ({ session, target, targets, maker, newcomer, throwAway }) => {
    const log = targets.find(({ declaration }) => declaration.auditLog !== undefined);
    const tenant = log?.declaration.tenantColumn;
    if (log === undefined || tenant === undefined) return notApplicable("no audit log is declared");
    const made = await session.undone(() => maker.make(target.shape, newcomer));
    if (!made.ok) return notPossible(`no second row could be made: ${made.reason}`);
    const place = qualify(log.shape.schema, log.shape.name);
    const own = aim.rowsOf(log, newcomer);
    // A long log is not counted through; what went to nobody known is then not seen.
    const isSmall = throwAway || log.shape.estimatedRows <= aim.mostRows;
    const every = isSmall ? `(select count(*) from ${place})::text` : "'0'";
    const count = `select (select count(*) from ${place} where ${own})::text as own, ${every} as every`;
    const before = await session.owner(count);
    const { answer, proof } = await session.attackAndProve(
      { context: newcomer.id },
      bareInsert(target.shape, made.values),
      count,
    );
    if (!answer.ok) return judge.possible(answer, "INSERT of an audited row");
    const grown = (name: string) => Number(proof[0]?.[name] ?? 0) - Number(before[0]?.[name] ?? 0);
    if (grown("own") === 0) return leaked("a change left no audit row of its tenant");
    return grown("every") > grown("own")
      ? leaked("a change wrote an audit row of another tenant")
      : { result: "held" };
  },
};
