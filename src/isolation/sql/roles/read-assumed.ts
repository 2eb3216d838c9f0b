import type { Node } from "libpg-query";
import type { TenancySettings } from "../../../core/tenancy-settings.js";
import { readSettings } from "../set-settings.js";
import type { ActChange } from "../track-acts.js";

const SETTINGS: ReadonlySet<string> = new Set(["role", "session_authorization"]);

/**
 * SET ROLE and SET SESSION AUTHORIZATION in a migration. For the transaction it may become whoever sees the rows that it
 * has to change; what it makes as a service, that owns.
 */
export function readAssumed(node: Node, { tenant }: TenancySettings["roles"]): ActChange[] {
  return readSettings(node).flatMap(({ name, value, scope }): ActChange[] => {
    if (scope === "stored") return [];
    if (name === "*") return [...SETTINGS].map((setting) => ({ key: `session ${setting}`, act: undefined }));
    if (!SETTINGS.has(name)) return [];
    const key = `session ${name}`;
    if (value === "" || ["none", "default"].includes(value.toLowerCase())) return [{ key, act: undefined }];
    if (scope === "transaction" && value !== tenant) return [];
    const fix = "Write set local role …, for a role that owns nothing, around the statements that need it.";
    const detail = `what follows runs as ${value}${value === tenant ? ", which then owns what it makes" : ", and so does whatever uses the connection next"}`;
    return [{ key, act: { level: "error", subject: value, detail, fix } }];
  });
}
