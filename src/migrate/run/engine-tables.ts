import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

/** The version of the tables below: see docs/formats.md. */
const FORMAT = "1";

const schema = quoteIdentifier(ENGINE_SCHEMA);

/** Two that make the tables at once wait for one another here: the class of the migration lock, an object of its own. */
const CREATION_LOCK = `${0x74_6e_74_72}, 3`;

/**
 * Makes tenantry's own tables where they are missing: `runs`, `run_migrations`, `checkpoints` and `meta`. Nobody is granted
 * anything on them, whatever the default privileges say.
 */
export async function ensureEngineTables(session: Session): Promise<void> {
  if (await areCurrent(session)) return;
  // One message is one transaction.
  await session.unsafe(`select pg_advisory_xact_lock(${CREATION_LOCK});
create schema if not exists ${schema};
create table if not exists ${schema}.runs (
  id bigint generated always as identity primary key,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  outcome text not null default 'running',
  command text not null,
  environment text,
  ledger text not null,
  role text not null default session_user,
  host text,
  version text not null,
  git_revision text,
  lock_wait_ms bigint not null default 0,
  retries int not null default 0,
  error_code text,
  error text,
  fingerprint text,
  accepted jsonb,
  backup_ref text
);
alter table ${schema}.runs add column if not exists backup_ref text;
create table if not exists ${schema}.run_migrations (
  run_id bigint not null references ${schema}.runs on delete cascade,
  position int not null,
  migration text not null,
  hash text not null,
  mode text not null,
  outcome text not null,
  finished_at timestamptz not null default clock_timestamp(),
  milliseconds int not null,
  lock_wait_ms bigint not null default 0,
  attempts int not null default 1,
  statements jsonb not null,
  primary key (run_id, position)
);
create table if not exists ${schema}.checkpoints (
  ledger text not null,
  migration text not null,
  step int not null,
  statements int not null,
  file_hash text not null,
  step_hash text not null,
  before jsonb,
  run_id bigint,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  failed_at timestamptz,
  primary key (ledger, migration, step)
);
create table if not exists ${schema}.meta (key text primary key, value text not null);
insert into ${schema}.meta values ('format', '${FORMAT}') on conflict do nothing;
do $$ declare held record; begin
  for held in select distinct c.relname, case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
    from pg_class c, aclexplode(c.relacl) a
    where c.relnamespace = '${ENGINE_SCHEMA}'::regnamespace and c.relkind in ('r', 'S') and a.grantee <> c.relowner
      and (c.relname in ('runs', 'run_migrations', 'checkpoints', 'meta') or c.relname = 'runs_id_seq')
  loop
    execute format('revoke all on %I.%I from %s', '${ENGINE_SCHEMA}', held.relname, held.grantee);
  end loop;
end $$`);
}

/** True if nothing is to be made: the tables are there, with the columns that came later. */
async function areCurrent(session: Session): Promise<boolean> {
  if (!(await hasEngineTables(session))) return false;
  const rows = await session.unsafe(
    `select from pg_attribute where attrelid = '${schema}.runs'::regclass and attname = 'backup_ref' and not attisdropped`,
  );
  return rows.length > 0;
}

/** True if the tables are all there, of this version or an earlier one. */
export async function hasEngineTables(session: Session): Promise<boolean> {
  const [row] = await session.unsafe<{ whole: boolean }[]>(
    `select count(*) = 4 as whole from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = '${ENGINE_SCHEMA}' and c.relkind = 'r' and c.relname in ('runs', 'run_migrations', 'checkpoints', 'meta')`,
  );
  return row?.whole === true;
}
