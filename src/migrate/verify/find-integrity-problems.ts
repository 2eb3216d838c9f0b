import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import type { Finding } from "../../core/finding.js";
import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { DoubtfulReference } from "./count-orphans.js";
import { countOrphans, MOST_ORPHANS } from "./count-orphans.js";

/** The ids of the findings, in the order in which they are told. */
export const INTEGRITY_RULES = [
  "constraint-not-validated",
  "row-orphaned",
  "index-invalid",
  "trigger-inactive",
] as const;

/**
 * Looks for what lets a database hold rows that its own constraints forbid: constraints that were never validated, and the
 * orphans under foreign keys among them; indexes that are invalid; triggers that do not fire. An index that is being built
 * at the moment is left out, and so are the engine's own triggers, which `trigger-disabled` judges.
 *
 * @param session inside a transaction, since a query that fails is rolled back to a savepoint. Rows are counted with the row
 * security that the session has.
 * @param schemas where to look; undefined for all that are not PostgreSQL's own.
 */
export async function findIntegrityProblems(
  session: Session,
  schemas: readonly string[] | undefined,
): Promise<Finding[]> {
  const within = scopeSql(schemas);
  const constraints = await session.unsafe<ConstraintRow[]>(constraintsSql(within));
  const indexes = await session.unsafe<IndexRow[]>(indexesSql(within));
  const triggers = await session.unsafe<TriggerRow[]>(triggersSql(within));
  const orphans: Finding[] = [];
  for (const { subject, table, name, reference } of constraints) {
    if (reference === null) continue;
    const found = await countOrphans(session, reference);
    if (found === 0) continue;
    orphans.push(
      typeof found === "number"
        ? orphaned(subject, name, reference, found)
        : unseen(subject, name, table, found),
    );
  }
  return [...constraints.map(notValidated), ...orphans, ...indexes.map(invalid), ...triggers.map(inactive)];
}

type ConstraintRow = {
  readonly subject: string;
  readonly table: string;
  readonly name: string;
  readonly kind: string;
  readonly reference: DoubtfulReference | null;
};

type IndexRow = {
  readonly subject: string;
  readonly index: string;
  readonly isUnique: boolean;
  readonly isPartitioned: boolean;
};

type TriggerRow = {
  readonly subject: string;
  readonly table: string;
  readonly names: readonly string[];
  readonly constraint: string | null;
  readonly state: string;
};

function scopeSql(schemas: readonly string[] | undefined): string {
  const own = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
  if (schemas === undefined) return own;
  return `${own} and n.nspname = any(array[${schemas.map(quoteLiteral).join(", ")}]::text[])`;
}

const SUBJECT =
  "case when n.nspname = 'public' then c.relname else n.nspname || '.' || c.relname end as subject";

/** One that is NOT ENFORCED (PostgreSQL 18) is not meant to hold. Those of partitions are their parent's. */
function constraintsSql(within: string): string {
  return `select ${SUBJECT}, format('%I.%I', n.nspname, c.relname) as "table", k.conname as name, k.contype as kind,
      case when k.contype = 'f' and coalesce((to_jsonb(k)->>'conperiod')::bool, false) is false then json_build_object(
        'table', format('%I.%I', n.nspname, c.relname), 'target', format('%I.%I', tn.nspname, t.relname), 'isFull', k.confmatchtype = 'f',
        'columns', (select json_agg(json_build_array(a.attname, b.attname) order by pair.place)
          from unnest(k.conkey, k.confkey) with ordinality as pair(here, there, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.here
          join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.there)) end as reference
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      left join pg_class t on t.oid = k.confrelid left join pg_namespace tn on tn.oid = t.relnamespace
    where not k.convalidated and k.conparentid = 0 and coalesce((to_jsonb(k)->>'conenforced')::bool, true) and ${within}
    order by 2, 3`;
}

function indexesSql(within: string): string {
  return `select ${SUBJECT}, format('%I.%I', n.nspname, ic.relname) as index, i.indisunique or i.indisexclusion as "isUnique", ic.relkind = 'I' as "isPartitioned"
    from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and ${within} and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
    order by 2`;
}

/** Those of a foreign key stand on both tables: one line says it. */
function triggersSql(within: string): string {
  return `select ${SUBJECT}, format('%I.%I', n.nspname, c.relname) as "table", array_agg(g.tgname::text order by g.tgname) as names, k.conname as constraint, g.tgenabled as state
    from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_proc f on f.oid = g.tgfoid join pg_namespace fn on fn.oid = f.pronamespace left join pg_constraint k on k.oid = g.tgconstraint
    where g.tgenabled in ('D', 'R') and (not g.tgisinternal or k.oid is not null) and fn.nspname <> ${quoteLiteral(ENGINE_SCHEMA)} and ${within}
    group by 1, 2, k.conname, g.tgenabled, case when k.oid is null then g.tgname end order by 2, 3`;
}

const KINDS: Readonly<Record<string, string>> = { f: "foreign key", c: "check", n: "NOT NULL constraint" };

function notValidated({ subject, table, name, kind }: ConstraintRow): Finding {
  return {
    rule: "constraint-not-validated",
    level: "warning",
    subject,
    detail: `the ${KINDS[kind] ?? "constraint"} ${name} was never validated: older rows may violate it`,
    fix: `alter table ${table} validate constraint ${quoteIdentifier(name)};`,
  };
}

function orphaned(subject: string, name: string, { target }: DoubtfulReference, count: number): Finding {
  const rows =
    count > MOST_ORPHANS ? `more than ${MOST_ORPHANS} rows` : count === 1 ? "1 row" : `${count} rows`;
  return {
    rule: "row-orphaned",
    level: "error",
    subject,
    detail: `${rows} ${count === 1 ? "refers" : "refer"} by ${name} to rows that ${target} does not have`,
    fix: "Delete the rows, or restore what they refer to, then validate the constraint.",
  };
}

function unseen(subject: string, name: string, table: string, { why }: { readonly why: string }): Finding {
  return {
    rule: "row-orphaned",
    level: "warning",
    subject,
    detail: `whether rows violate ${name} could not be seen: ${why}`,
    fix: `Run the command as the role that owns ${table}, or one that row security lets through.`,
  };
}

function invalid({ subject, index, isUnique, isPartitioned }: IndexRow): Finding {
  return {
    rule: "index-invalid",
    level: isUnique ? "error" : "warning",
    subject,
    detail: `the index ${index} is invalid: ${isUnique ? "it does not keep its values unique" : "no query uses it, and every write pays for it"}`,
    fix: isPartitioned
      ? `Build it on each partition that lacks it, then alter index ${index} attach partition ….`
      : `reindex index concurrently ${index}; or, if it is left over from a failed build, drop index concurrently ${index};`,
  };
}

function inactive({ subject, table, names, constraint, state }: TriggerRow): Finding {
  const how = state === "D" ? "disabled" : "enabled for replicas alone";
  return {
    rule: "trigger-inactive",
    level: constraint === null ? "warning" : "error",
    subject,
    detail:
      constraint === null
        ? `the trigger ${names.join(", ")} is ${how}`
        : `the triggers behind the foreign key ${constraint} are ${how}: it is not enforced`,
    fix:
      constraint === null
        ? names.map((name) => `alter table ${table} enable trigger ${quoteIdentifier(name)};`).join(" ")
        : `alter table ${table} enable trigger all; then look for rows that were written meanwhile.`,
  };
}
