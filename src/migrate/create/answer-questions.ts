import type { Hint, MissingHint } from "drizzle-kit/cli";
import { TenantryError } from "../../core/errors.js";
import type { SnapshotEntity } from "../drizzle-kit.js";
import type { RenameAnswers } from "./rename-answers.js";

/** Something that drizzle-kit found new, and that may be something old under a new name. */
export type RenameQuestion = {
  /** Such as `table` or `column`. */
  readonly kind: string;
  /** Such as `documents` or `documents.heading`; the schema only where it is not `public`. */
  readonly label: string;
  /** Labels of what is gone and may be what it was. */
  readonly candidates: readonly string[];
};

/** Asks a person; the answer is a candidate's label, or undefined for something new. */
export type AskRename = (question: RenameQuestion) => Promise<string | undefined>;

/** What the answers are made from. */
export type Answering = {
  readonly before: readonly SnapshotEntity[];
  readonly now: readonly SnapshotEntity[];
  readonly answers: RenameAnswers;
  /** Receives the texts of the answers that were needed. */
  readonly used: Set<string>;
  /** Receives what is lost with its data, by what drizzle-kit asks of it. */
  readonly losses: Set<string>;
  /** Undefined where there is nobody to ask. */
  readonly ask: AskRename | undefined;
};

type Entity = readonly string[];

/** What is gone, under its table's new name, and under the name that it had. */
type Candidate = { readonly entity: Entity; readonly was: Entity };
type RenameOrCreate = Extract<MissingHint, { type: "rename_or_create" }>;

/** What each kind of question is called in a snapshot. */
const ENTITY_TYPES: Readonly<Record<string, string>> = {
  schema: "schemas",
  role: "roles",
  table: "tables",
  enum: "enums",
  sequence: "sequences",
  view: "views",
  column: "columns",
  policy: "policies",
  check: "checks",
  index: "indexes",
  unique: "uniques",
  primary_key: "pks",
  "foreign key": "fks",
};

/**
 * Answers one round of drizzle-kit's questions. Those that follow from an answer already given (a renamed table's keys,
 * indexes and policies) need no person; the others come from the flags, or are asked.
 *
 * @param given the hints of the rounds before.
 * @throws TenantryError `rename-ambiguous` with the exact flags to answer with, where nobody can be asked.
 */
export async function answerQuestions(
  questions: readonly MissingHint[],
  given: readonly Hint[],
  answering: Answering,
): Promise<Hint[]> {
  const hints: Hint[] = [];
  const open: RenameQuestion[] = [];
  for (const question of questions) {
    if (question.type === "confirm_data_loss") {
      const { type, kind, entity } = question;
      hints.push({ type, kind, entity } as Hint);
      answering.losses.add(`${kind.replaceAll("_", " ")} ${labelOf(entity)}`);
      continue;
    }
    const answer = await answerOne(question, [...given, ...hints], answering);
    if ("label" in answer) open.push(answer);
    else hints.push(answer);
  }
  if (open.length > 0) throw ambiguous(open);
  return hints;
}

async function answerOne(
  question: RenameOrCreate,
  given: readonly Hint[],
  answering: Answering,
): Promise<Hint | RenameQuestion> {
  const candidates = findCandidates(question, given, answering);
  const label = labelOf(question.entity);
  const create = { type: "create", kind: question.kind, entity: question.entity } as Hint;
  const rename = (from: Entity) =>
    ({ type: "rename", kind: question.kind, from, to: question.entity }) as Hint;
  const flagged = findFlagged(label, candidates, answering);
  if (flagged !== undefined) return rename(flagged.entity);
  if (answering.answers.creates.includes(label)) {
    answering.used.add(label);
    return create;
  }
  const following = candidates.find(({ entity }) => followsRename(entity, question.entity, given));
  if (following !== undefined) return rename(following.entity);
  const [only, ...others] = candidates;
  // A table has one primary key, and references may depend on it.
  if (question.kind === "primary_key" && only !== undefined && others.length === 0)
    return rename(only.entity);
  if (only === undefined || question.kind === "policy") return create;
  if ([question.entity, ...candidates.map(({ entity }) => entity)].some(isShortened)) return create;
  const asked: RenameQuestion = {
    kind: question.kind,
    label,
    candidates: candidates.map(({ entity }) => labelOf(entity)),
  };
  if (answering.ask === undefined) return asked;
  const chosen = await answering.ask(asked);
  const from = candidates.find(({ entity }) => labelOf(entity) === chosen);
  return from === undefined ? create : rename(from.entity);
}

/** The candidate that a --rename names, by its table's old name or its new one. */
function findFlagged(
  label: string,
  candidates: readonly Candidate[],
  { answers, used }: Answering,
): Candidate | undefined {
  const flags = answers.renames.filter((text) => text.endsWith(`=${label}`));
  for (const candidate of candidates) {
    const text = [candidate.entity, candidate.was]
      .map((entity) => `${labelOf(entity)}=${label}`)
      .find((one) => flags.includes(one));
    if (text === undefined) continue;
    used.add(text);
    return candidate;
  }
  const [wrong] = flags.filter((text) => !used.has(text));
  if (wrong === undefined) return undefined;
  throw refuseUnknown(wrong, label, candidates);
}

/** A key's name that `fitIdentifier` has cut: nobody has chosen it, so nobody is asked about it. */
function isShortened(entity: Entity): boolean {
  return /_[0-9a-f]{8}_(fk|pkey)$/.test(entity.at(-1) ?? "");
}

/** What is gone, of the same kind, in the same table (under its new name, if it was renamed) or in any schema. */
function findCandidates(question: RenameOrCreate, given: readonly Hint[], answering: Answering): Candidate[] {
  const type = ENTITY_TYPES[question.kind];
  const entities = (from: readonly SnapshotEntity[]) =>
    from.filter((entity) => entity.entityType === type).map((entity) => entityTuple(entity));
  const kept = new Set(entities(answering.now).map((tuple) => JSON.stringify(tuple)));
  const taken = new Set(given.flatMap((hint) => (hint.type === "rename" ? [JSON.stringify(hint.from)] : [])));
  return entities(answering.before)
    .map((was) => ({ entity: renameOwner(was, given), was }))
    .filter(({ entity }) => !kept.has(JSON.stringify(entity)) && !taken.has(JSON.stringify(entity)))
    .filter(
      ({ entity }) =>
        entity.length < 3 || (entity[0] === question.entity[0] && entity[1] === question.entity[1]),
    );
}

function entityTuple(entity: SnapshotEntity): Entity {
  return [entity.schema, entity.table, entity.name].filter((part) => typeof part === "string");
}

/** A thing of a renamed table belongs to the table's new name. */
function renameOwner(entity: Entity, given: readonly Hint[]): Entity {
  const [schema, table, name] = entity;
  if (name === undefined) return entity;
  for (const hint of given) {
    if (hint.type !== "rename" || hint.kind !== "table" || hint.from[0] !== schema || hint.from[1] !== table)
      continue;
    return [hint.to[0], hint.to[1], name];
  }
  return entity;
}

/** True if the name of one thing becomes that of the other by renames that were answered before. */
function followsRename(from: Entity, to: Entity, given: readonly Hint[]): boolean {
  const parts = given.flatMap((hint): (readonly [string, string])[] => {
    if (hint.type !== "rename" || (hint.kind !== "table" && hint.kind !== "column")) return [];
    return [[hint.from.at(-1) ?? "", hint.to.at(-1) ?? ""]];
  });
  const name = parts.reduce(
    (text, [old, renamed]) => (old === "" ? text : text.replace(old, () => renamed)),
    from.at(-1) ?? "",
  );
  return parts.length > 0 && name === to.at(-1);
}

function labelOf(entity: Entity): string {
  const [first, ...rest] = entity;
  return rest.length > 0 && first === "public" ? rest.join(".") : entity.join(".");
}

function refuseUnknown(flag: string, label: string, candidates: readonly Candidate[]): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `--rename ${flag}: nothing of that old name is gone from the schema.`,
    details: candidates.map(({ entity }) => `--rename ${quoteForShell(`${labelOf(entity)}=${label}`)}`),
    hint: "Name what the last migration still has and the schema no longer does.",
  });
}

/** As a shell takes it for one word. */
function quoteForShell(text: string): string {
  return /^[\p{L}\p{N}_.=:/-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function ambiguous(questions: readonly RenameQuestion[]): TenantryError {
  return new TenantryError({
    code: "rename-ambiguous",
    message: `It is not clear whether ${questions.map(({ kind, label }) => `${kind} ${label}`).join(", ")} is new or renamed.`,
    details: questions.flatMap(({ label, candidates }) => [
      ...candidates.map((candidate) => `--rename ${quoteForShell(`${candidate}=${label}`)}`),
      `--create ${quoteForShell(label)}`,
    ]),
    hint: "Run the command again with one of these flags for each of them.",
  });
}
