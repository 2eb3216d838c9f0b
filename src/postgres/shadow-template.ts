import { createHash, randomBytes } from "node:crypto";
import { onDatabase } from "../core/database-url.js";
import { codeOf } from "../core/errors.js";
import { quoteIdentifier } from "../core/identifiers.js";
import type { ConnectOptions, Database } from "./connect.js";
import { withDatabase } from "./connect.js";
import { endSessions } from "./end-sessions.js";
import type { ShadowDatabase } from "./shadow.js";

/** What a shadow is a copy of. */
export type ShadowTemplate = {
  readonly server: URL;
  readonly connect: ConnectOptions;
  /** Templates of one family replace each other: a project's folder, and what the template is for. */
  readonly family: string;
  /** All that it is made from. The server's version is added. */
  readonly content: readonly string[];
  /** Fills it, once. */
  readonly build: (shadow: ShadowDatabase) => Promise<void>;
};

/** The first number is the advisory lock's class: "shdw". */
const LOCK_CLASS = 0x73_68_64_77;

/**
 * Runs a function with a copy of a template, which is dropped afterwards. The template is made when it is missing, and
 * kept: the next run starts in a fraction of the time. What has its name is complete, since it is built under another; two
 * that want it at once build it once; those that nobody wants any more are dropped.
 *
 * @throws TenantryError as `openDatabase`, and whatever the functions throw.
 */
export async function withShadowTemplate<T>(
  template: ShadowTemplate,
  use: (shadow: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const { server, connect } = template;
  return await withDatabase(server, connect, async (admin) => {
    const copy = `tenantry_shadow_${process.pid}_${randomBytes(4).toString("hex")}`;
    await copyTemplate(admin, template, copy);
    try {
      const url = onDatabase(server, copy);
      return await withDatabase(url, { ...connect, applicationName: "tenantry shadow" }, (database) =>
        use({ url, database }),
      );
    } finally {
      await admin.unsafe(`drop database if exists ${quoteIdentifier(copy)} with (force)`);
    }
  });
}

/** A colleague on another branch may drop the template between its making and its copying. */
async function copyTemplate(admin: Database, template: ShadowTemplate, copy: string): Promise<void> {
  for (let tries = 3; ; tries--) {
    const name = await ensureTemplate(admin, template);
    try {
      await admin.unsafe(`create database ${quoteIdentifier(copy)} template ${quoteIdentifier(name)}`);
      return;
    } catch (thrown) {
      if (codeOf(thrown) !== "3D000" || tries <= 1) throw thrown;
    }
  }
}

async function ensureTemplate(admin: Database, template: ShadowTemplate): Promise<string> {
  const [row] = await admin<{ version: string }[]>`select current_setting('server_version_num') as version`;
  const prefix = templatePrefix(template.family);
  const name = `${prefix}${digest([row?.version ?? "", ...template.content])}`;
  if (await exists(admin, name)) return name;
  // Of this family alone. Released when the connection closes, also by a process that dies.
  await admin`select pg_advisory_lock(${LOCK_CLASS}::int, hashtext(${prefix}))`;
  try {
    if (await exists(admin, name)) return name;
    await dropStale(admin, prefix);
    await build(admin, template, name);
    return name;
  } finally {
    await admin`select pg_advisory_unlock(${LOCK_CLASS}::int, hashtext(${prefix}))`;
  }
}

async function build(admin: Database, template: ShadowTemplate, name: string): Promise<void> {
  const draft = `${name}_${randomBytes(4).toString("hex")}`;
  const quoted = quoteIdentifier(draft);
  await admin.unsafe(`create database ${quoted} template template0`);
  try {
    const url = onDatabase(template.server, draft);
    const connect = { ...template.connect, applicationName: "tenantry shadow" };
    await withDatabase(url, connect, (database) => template.build({ url, database }));
    await endSessions(admin, [draft]);
    await admin.unsafe(`alter database ${quoted} with allow_connections false`);
    await admin.unsafe(`alter database ${quoted} rename to ${quoteIdentifier(name)}`);
  } catch (thrown) {
    await admin.unsafe(`drop database if exists ${quoted} with (force)`);
    throw thrown;
  }
}

/** What the names of a family's templates begin with. */
export function templatePrefix(family: string): string {
  return `tenantry_template_v${digest([family])}_`;
}

/** Templates of earlier states, and what a killed build has left: nobody else builds while the lock is held. */
async function dropStale(admin: Database, prefix: string): Promise<void> {
  const stale = await admin<{ name: string }[]>`
    select datname as name from pg_database where starts_with(datname, ${prefix})`;
  for (const { name } of stale) {
    try {
      await admin.unsafe(`drop database if exists ${quoteIdentifier(name)}`);
    } catch (thrown) {
      // 55006: somebody is copying it right now.
      if (codeOf(thrown) !== "55006") throw thrown;
    }
  }
}

async function exists(admin: Database, name: string): Promise<boolean> {
  return (await admin`select from pg_database where datname = ${name}`).length > 0;
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}
