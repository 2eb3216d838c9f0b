import type { TenantColumnType } from "../../core/tenancy-settings.js";
import { expressionParts } from "./expression-parts.js";
import { matchPattern } from "./match-pattern.js";
import { planRow } from "./plan-row.js";
import type { ProbeTarget } from "./probe.js";
import type { ProbeSession } from "./probe-session.js";
import type { Shapes } from "./table-shape.js";
import { TENANTS, tenantIds } from "./tenant-ids.js";
import type { TenantRows } from "./tenant-rows.js";
import { newTenant } from "./tenant-rows.js";

/** Makes tenants up whose ids the root's own conditions accept. */
export async function chooseTenants(
  session: ProbeSession,
  shapes: Shapes,
  targets: readonly ProbeTarget[],
  fallback: TenantColumnType,
  run: string,
): Promise<readonly TenantRows[]> {
  const ids = tenantIds(targets, fallback, run);
  const root = targets.find(({ declaration }) => declaration.kind === "root");
  const columns = targets.flatMap(({ shape, declaration }) =>
    shape.columns.filter(({ name }) => name === declaration.tenantColumn),
  );
  const patterns = (root?.shape.checks ?? [])
    .map(({ expression }) => expressionParts(expression))
    .filter((parts) => parts.columns.includes(root?.declaration.tenantColumn ?? ""))
    .flatMap((parts) => parts.patterns);
  const isText = ids[0]?.startsWith("tenantry") === true;
  const forms = [
    ids,
    ...(isText
      ? [
          list((at) => `tp${run}${at}`),
          list((at) => `${run.slice(0, 4)}${at}`),
          ...patterns.map((pattern) =>
            list((at) => matchPattern(pattern, at + Number.parseInt(run, 16)) ?? ""),
          ),
        ]
      : []),
  ];
  for (const form of forms) {
    const isShort = form.every((id) =>
      columns.every((column) => column.modifier < 4 || !isText || id.length <= column.modifier - 4),
    );
    if (!isShort || new Set(form).size < TENANTS) continue;
    if (root === undefined) return form.map(newTenant);
    const plan = await planRow(session, shapes, {
      shape: root.shape,
      tenantColumn: root.declaration.tenantColumn,
      tenant: newTenant(form[0] ?? ""),
      shared: new Map(),
      fixed: new Map(),
      conditions: [],
      supplied: new Map(),
      decorated: false,
      seed: 1,
      run,
    });
    if (plan.ok) return form.map(newTenant);
  }
  return ids.map(newTenant);
}

function list(make: (at: number) => string): string[] {
  return Array.from({ length: TENANTS }, (_, at) => make(at));
}
