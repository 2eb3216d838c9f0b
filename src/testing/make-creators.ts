import { randomBytes } from "node:crypto";
import { loadModule } from "libpg-query";
import { tableSubject } from "../catalog/facts.js";
import { TenantryError } from "../core/errors.js";
import { qualify, quoteIdentifier } from "../core/identifiers.js";
import type { Expected } from "../isolation/expected.js";
import { chooseMakerRole } from "../isolation/probes/choose-maker-role.js";
import { chooseTenants } from "../isolation/probes/choose-tenants.js";
import type { ProbeTarget } from "../isolation/probes/probe.js";
import { createProbeSession } from "../isolation/probes/probe-session.js";
import { readShapes } from "../isolation/probes/read-shapes.js";
import { createRowMaker } from "../isolation/probes/row-maker.js";
import { readSuppliedRows } from "../isolation/probes/supplied-rows.js";
import { shapeKey } from "../isolation/probes/table-shape.js";
import type { Database, Session } from "../postgres/connect.js";
import type { TenantRoot } from "./tenant-root.js";

const CREATORS = 2;

/**
 * Makes rows up for two tenants, as the probes make theirs: with what `defineTenancy({ probes: { rows } })` gives, and
 * values that types and checks accept for the rest.
 *
 * @throws TenantryError `config-invalid` if a row cannot be made up, and `role-insufficient`.
 */
export async function makeCreators(database: Database, expected: Expected, root: TenantRoot): Promise<void> {
  await loadModule();
  await database.begin((session) => makeRows(session, expected, root));
}

async function makeRows(connection: Session, { settings }: Expected, root: TenantRoot): Promise<void> {
  const roles = await chooseMakerRole(connection, settings);
  const supplied = readSuppliedRows(await readShapes(connection), settings.probes);
  const { shapes } = supplied;
  const shape = shapes.tables.get(shapeKey(root.schema, root.name));
  const subject = tableSubject(root.schema, root.name);
  if (shape === undefined) throw cannotMake(subject, "the migrations do not make the table");
  const session = createProbeSession(connection, settings, roles, undefined);
  if (roles.maker !== undefined) await session.owner(`set local role ${quoteIdentifier(roles.maker)}`);
  const run = randomBytes(3).toString("hex");
  const target: ProbeTarget = {
    subject,
    place: qualify(root.schema, root.name),
    shape,
    declaration: root.declaration,
    tenant: quoteIdentifier(root.column),
  };
  const maker = createRowMaker({
    session,
    shapes,
    tenantColumns: new Map([[shape.key, root.column]]),
    supplied,
    setting: settings.setting,
    run,
  });
  // An audit trigger wants to know whose row it is.
  maker.useContext();
  const tenants = await chooseTenants(session, shapes, [target], settings.columnType, run);
  for (const tenant of tenants.slice(0, CREATORS)) {
    const made = await maker.make(shape, tenant);
    if (!made.ok) throw cannotMake(subject, made.reason);
  }
}

function cannotMake(subject: string, reason: string): TenantryError {
  return new TenantryError({
    code: "config-invalid",
    message: `No tenant could be made up for tests, as a row of ${subject}: ${reason}.`,
    hint: `Give one, and pass the tenancy: defineTenancy({ probes: { rows: { "${subject}": (tenant) => ({ column: value }) } } }).`,
  });
}
