import type { Mutant } from "../mutant.js";
import { bothPolicies, byHand, code, importing, inBoth, service } from "./plant.js";

const DEFINER = "language sql security definer set search_path = pg_catalog, pg_temp";

/** Numbers 81 to 87: caches, doors, the audit log, and what the schema says of deleted rows. */
export const OUTSIDE: readonly Mutant[] = inBoth({
  "81": {
    threats: [81],
    plant: () => service('await redis.set(`documents:%{documentId}`, JSON.stringify(row), "EX", 60);'),
  },
  "81-ok": {
    threats: [81],
    clean: true,
    plant: () =>
      service('await redis.set(`v3:%{creatorId}:documents:%{documentId}`, JSON.stringify(row), "EX", 60);'),
  },
  "82": {
    threats: [82],
    plant: () => service('for (const key of await redis.keys("documents:*")) await redis.del(key);'),
  },
  "82-ok": {
    threats: [82],
    clean: true,
    plant: () => service("await redis.del(`v3:%{creatorId}:documents:%{documentId}`);"),
  },
  "83": {
    threats: [83],
    plant: () =>
      service("const revoked = await redis.exists(`blacklist:%{creatorId}:%{jti}`).catch(() => 0);"),
  },
  "83-ok": {
    threats: [83],
    clean: true,
    plant: () => service("const revoked = await redis.exists(`blacklist:%{jti}`);"),
  },
  "84": {
    threats: [84],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.find_x(said text) returns setof ${n.root} ${DEFINER} as 'select * from ${n.root} where ${n.rootText} = said'`,
        `revoke execute on function ${n.schema}.find_x(text) from public`,
        `grant execute on function ${n.schema}.find_x(text) to ${n.service}`,
      ),
  },
  "84-member": { threats: [84], plant: (n) => byHand(`grant ${n.door} to ${n.service}`) },
  "84-ok": {
    threats: [84],
    clean: true,
    plant: (n) =>
      byHand(
        `grant usage on schema ${n.schema} to ${n.door}`,
        `grant select (id, ${n.rootText}) on ${n.root} to ${n.door}`,
        `create policy looks_up on ${n.root} for select to ${n.door} using (true)`,
      ),
  },
  "84-undeclared": {
    threats: [84],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.find_x(said text) returns ${n.type} ${DEFINER} as 'select id from ${n.root} where ${n.rootText} = said'`,
        `revoke execute on function ${n.schema}.find_x(text) from public`,
        `grant usage on schema ${n.schema} to ${n.door}`,
        `grant select (id, ${n.rootText}) on ${n.root} to ${n.door}`,
        `create policy looks_up on ${n.root} for select to ${n.door} using (true)`,
        `alter function ${n.schema}.find_x(text) owner to ${n.door}`,
        `grant execute on function ${n.schema}.find_x(text) to ${n.service}`,
      ),
  },
  "85-grant": { threats: [85], plant: (n) => byHand(`grant update, delete on ${n.log} to ${n.service}`) },
  "85-policy": {
    threats: [5, 85],
    plant: (n) =>
      byHand(
        bothPolicies(
          {
            ...n,
            table: n.log,
            policies: { tenant: logPolicy(n.log, "tenant"), floor: logPolicy(n.log, "floor") },
          },
          "true",
        ),
      ),
  },
  "85-trigger": {
    threats: [85],
    unseenBy: { probe: "what is not written cannot be read by another" },
    plant: (n) => byHand(`alter table ${n.table} disable trigger tenantry_audit`),
  },
  "85-ok": {
    threats: [85],
    clean: true,
    plant: (n) => byHand(`grant select, insert on ${n.log} to ${n.service}`),
  },
  "86-code": {
    threats: [86],
    plant: (n) =>
      n.project === "own"
        ? code(n, [
            `.on(t.creatorId, t.checksum)
      .where(sql\`\${t.deletedAt} is null\`),`,
            ".on(t.creatorId, t.checksum),",
          ])
        : code(n, importing("uniqueIndex"), [
            n.isolated,
            `${n.isolated}\n    uniqueIndexX("live_x").on(t.AccountId, t.lastName),`,
          ]),
  },
  "86-ok": {
    threats: [86],
    clean: true,
    plant: (n) =>
      code(n, importing("uniqueIndex"), [
        n.isolated,
        `${n.isolated}\n    uniqueIndexX("live_x").on(t.${n.property}, t.${n.textProperty}).where(sql\`\${t.${n.project === "own" ? "deletedAt" : "removedAt"}} is null\`),`,
      ]),
  },
  "87": {
    threats: [87],
    plant: (n) =>
      code(n, importing("pgTable", "text"), [
        `export const ${n.exported} =`,
        `const forgottenX = pgTableX("forgotten", { code: textX("code").primaryKey() });\nexport const ${n.exported} =`,
      ]),
  },
  "87-ok": {
    threats: [87],
    clean: true,
    plant: (n) =>
      code(n, importing("text"), [
        `export const ${n.exported} =`,
        `const helperX = textX;\nvoid helperX;\nexport const ${n.exported} =`,
      ]),
  },
});

function logPolicy(log: string, suffix: string): string {
  const bare = log.replace(/^.*\./, "");
  return bare.startsWith('"') ? `"${bare.slice(1, -1)}_${suffix}"` : `${bare}_${suffix}`;
}
