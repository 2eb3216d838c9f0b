import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { readHistory, readRun } from "../../migrate/history/read-history.js";
import type { Session } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { defineCommand } from "../command.js";
import { formatHistory } from "../history/format-history.js";
import { formatRun } from "../history/format-run.js";
import { readNamedFolder } from "../history/read-named-folder.js";
import { resolveTarget } from "../target.js";
import { unlessStopped } from "../unless-stopped.js";

/** What fits into PostgreSQL's bigint. */
const RUN_ID = /^[1-9][0-9]{0,17}$/;

/** `tenantry history`: the run log. */
export const historyCommand = defineCommand({
  name: "history",
  summary: "show the run log: who migrated when, from where, for how long, and how it ended",
  example: "history --limit 50",
  options: [
    { flags: "--run <id>", description: "one run, with each migration and statement" },
    { flags: "--limit <number>", description: "how many runs to show; default 20" },
  ],
  variables: ["DATABASE_URL"],
  input: z.object({
    run: z.string().regex(RUN_ID, "write the number of a run, as tenantry history shows it").optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(20),
  }),
  run: async (context, { run: id, limit }) => {
    const { ledger, out } = await context.loadProject();
    const target = await resolveTarget(context);
    const show = async (session: Session) => {
      if (id !== undefined) return await showRun(session, id);
      const history = await readHistory(session, { ledger, limit, folder: await readNamedFolder(out) });
      return { exitCode: 0 as const, data: history, text: formatHistory(history, limit) };
    };
    return await withDatabase(target.url, target.connect, (database) =>
      unlessStopped(context.signal, show(database)),
    );
  },
});

async function showRun(session: Session, id: string) {
  const found = await readRun(session, id);
  if (found === undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `The run log has no run ${id}.`,
      hint: 'Run "tenantry history" for the runs that it has.',
    });
  }
  const { run, migrations } = found;
  return { exitCode: 0 as const, data: { run, migrations }, text: formatRun(run, migrations) };
}
