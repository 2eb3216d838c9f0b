import { quoteLiteral } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { expressionParts } from "../expression-parts.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/** What a switch is usually turned on with. */
const ON = ["on", "true", "1", "t", "yes", "all", "*", "admin", "service", "superuser"];

/** What a careless comparison with the tenant's setting may take for everybody. */
const EVERYBODY = ["*", "%", "all", "0", "-1", "null", "{}", "00000000-0000-0000-0000-000000000000"];

/** What the attack itself stands on. */
const BOUND = "'role', 'session_authorization', 'statement_timeout', 'lock_timeout', 'row_security'";

/** Sets every setting that a policy, or a function that it may call, reads: any session can set them. */
export const useSettings: Probe = {
  id: "probe-setting",
  threats: [28],
  title: "a setting that any session can make opens the table",
  fix: "Take the setting out of the policy; give what may see more a role of its own.",
  applies: isTenantTarget,
  attack: async (context) => {
    const { attacker, victim, expected } = context;
    const { names, values } = await readSwitches(context);
    const outcomes: Outcome[] = [];
    for (const value of names.length === 0 ? [] : [...new Set([...ON, victim.id, ...values])]) {
      const sets = names.length > 1 ? [names, ...names.map((name) => [name])] : [names];
      for (const set of sets) {
        const settings = Object.fromEntries(set.map((name) => [name, value]));
        outcomes.push(await tryState(context, attacker.id, settings, `${set.join(", ")} set to '${value}'`));
      }
    }
    for (const odd of EVERYBODY) {
      outcomes.push(await tryState(context, odd, {}, `${expected.settings.setting} set to '${odd}'`));
    }
    return judge.worst(outcomes);
  },
};

async function tryState(
  { session, target, victim }: AttackContext,
  context: string,
  settings: Readonly<Record<string, string>>,
  how: string,
): Promise<Outcome> {
  const statement = `select 1 from ${target.place} where ${aim.rowsOf(target, victim)} limit 1`;
  const answer = await session.attack({ context, settings }, statement);
  if (answer.ok) return answer.count === 0 ? HELD : leaked(`with ${how}, a row of another tenant was read`);
  // A text that is no tenant id (class 22), or a setting that is not the role's to make: refused.
  if (answer.code.startsWith("22") || judge.isRefused(answer)) return HELD;
  return judge.unexpected(answer);
}

/** The settings that policies and functions read, apart from the tenant's, and the texts that policies compare with. */
async function readSwitches({ session, target, expected }: AttackContext) {
  const place = quoteLiteral(target.place);
  const texts = async (statement: string) => (await session.owner(statement)).map(({ text }) => text ?? "");
  const policies = await texts(`
    select coalesce(pg_get_expr(polqual, polrelid), '') as text from pg_policy where polrelid = ${place}::regclass
    union all select coalesce(pg_get_expr(polwithcheck, polrelid), '') from pg_policy where polrelid = ${place}::regclass`);
  const functions = await texts(`
    select p.prosrc as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema') and p.prosrc ilike '%current_setting%'`);
  const read = [...policies, ...functions].join("\n");
  const found = [...read.matchAll(/current_setting\s*\(\s*'([^']+)'/gi)].map(([, name = ""]) => name);
  const { setting } = expected.settings;
  // Names with a dot are free for anyone to set; of the server's own, those that it lets users set.
  const free = new Set(
    await texts(`select name as text from pg_settings where context = 'user' and name not in (${BOUND})`),
  );
  const names = [...new Set(found)].filter(
    (name) => name !== setting && (name.includes(".") || free.has(name.toLowerCase())),
  );
  const values = policies.flatMap((text) => (text === "" ? [] : expressionParts(text).strings));
  return { names: names.slice(0, 8), values: values.filter((text) => !found.includes(text)).slice(0, 20) };
}
