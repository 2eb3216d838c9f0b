import { TenantryError } from "../../core/errors.js";
import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";

/** On whose behalf statements run, and who is behind them. */
export type TenantContext = {
  /** Parsed by `parseTenantId`. */
  readonly tenant: string;
  /** Who acts: a user, a job. The audit trigger writes it down. */
  readonly actor?: string | undefined;
  /** What ties an audit row to a request's log. */
  readonly requestId?: string | undefined;
  /** Milliseconds that one statement may take; 0 for no limit. */
  readonly statementTimeout?: number | undefined;
};

/** What the settings are called. */
export type ContextSettings = Pick<TenancySettings, "setting" | "actorSetting" | "requestIdSetting">;

const MAX_CHARACTERS = 200;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** What a text of PostgreSQL cannot hold, and what has no place in a line of a log. */
const UNSTORABLE = /[\p{Cc}\p{Surrogate}]/u;

/**
 * The statements that set the tenant context for the rest of a transaction. SET LOCAL and not `set_config`, which Citus
 * does not pass on to its workers; so the values are literals, and must have been parsed.
 *
 * @throws TenantryError `argument-invalid` for an actor, a request id or a timeout that is none.
 * @example setContextSql(settings, { tenant: id }) // set local "app"."creator_id" = '0192d0a4-…'
 */
export function setContextSql(settings: ContextSettings, context: TenantContext): string {
  const { tenant, actor, requestId, statementTimeout } = context;
  let sql = setLocal(settings.setting, tenant);
  if (actor !== undefined) sql += `; ${setLocal(settings.actorSetting, requireLine("actor", actor))}`;
  if (requestId !== undefined)
    sql += `; ${setLocal(settings.requestIdSetting, requireLine("requestId", requestId))}`;
  if (statementTimeout !== undefined)
    sql += `; set local statement_timeout = ${requireTimeout(statementTimeout)}`;
  return sql;
}

function setLocal(setting: string, value: string): string {
  return `set local ${setting.split(".").map(quoteIdentifier).join(".")} = ${quoteLiteral(value)}`;
}

function requireLine(name: string, value: unknown): string {
  if (typeof value === "string" && value.length <= MAX_CHARACTERS && !UNSTORABLE.test(value)) return value;
  throw new TenantryError({
    code: "argument-invalid",
    message: `The ${name} is not a text of at most ${MAX_CHARACTERS} characters without control characters.`,
    hint: `Pass a short name or id as ${name}.`,
  });
}

function requireTimeout(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= LONGEST_TIMEOUT_MS) return value;
  throw new TenantryError({
    code: "argument-invalid",
    message: `The statement timeout is not a whole number of milliseconds from 0 to ${LONGEST_TIMEOUT_MS}.`,
    hint: "Pass statementTimeout: 5000 for five seconds.",
  });
}
