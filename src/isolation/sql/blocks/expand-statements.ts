import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { IsEngineSql } from "./engine-blocks.js";
import type { FoldedText } from "./fold-text.js";
import { foldText, HOLE } from "./fold-text.js";
import { findHiding, findIsolationWord } from "./isolation-words.js";
import { KnownFunctions, readFunctionRename } from "./known-functions.js";
import { readBody } from "./read-body.js";
import type { Call } from "./read-calls.js";
import { readCalls } from "./read-calls.js";
import { readPlpgsql } from "./read-plpgsql.js";

/** SQL that runs and that nobody can read before it does. */
export type Unread = {
  readonly at: ParsedStatement;
  /** The word that it has to do with isolation by, or by which it is hidden. */
  readonly word: string | undefined;
};

/** Statements that run together or not at all; in the order in which they stand. */
export type Branch = number;

/** One of several functions that a call may mean: `option` is its number among those of the same `call`. */
export type Choice = { readonly call: string; readonly option: number };

/** The statements of a folder, and what blocks and functions do when they are run. */
export type Expansion = {
  readonly statements: readonly ParsedStatement[];
  readonly unread: readonly Unread[];
  /** Those that may be passed over when they are run, each with the branch that it stands in. */
  readonly conditional: ReadonlyMap<ParsedStatement, Branch>;
  /** Those that run only if a call means one function and not another. */
  readonly chosen: ReadonlyMap<ParsedStatement, readonly Choice[]>;
};

/** Under which conditions a statement runs, and how deep it stands. */
type Position = {
  readonly branch: Branch | undefined;
  readonly choices: readonly Choice[];
  readonly depth: number;
};
const TOP: Position = { branch: undefined, choices: [], depth: 0 };

/** Puts the statements of blocks, and of functions where they are called, behind what runs them. */
export class StatementExpander {
  readonly #isEngineSql: IsEngineSql;
  readonly #functions = new KnownFunctions();
  readonly #running = new Set<ParsedStatement>();
  readonly #unread: Unread[] = [];
  readonly #conditional = new Map<ParsedStatement, Branch>();
  readonly #chosen = new Map<ParsedStatement, readonly Choice[]>();
  #branches = 0;

  constructor(isEngineSql: IsEngineSql) {
    this.#isEngineSql = isEngineSql;
  }

  /** What has been found in all that was expanded so far. */
  get found(): Omit<Expansion, "statements"> {
    return { unread: this.#unread, conditional: this.#conditional, chosen: this.#chosen };
  }

  /** Expands the statements of one migration. */
  expand(statements: readonly ParsedStatement[]): ParsedStatement[] {
    return statements.flatMap((statement) => this.#expandOne(statement, TOP));
  }

  #expandOne(statement: ParsedStatement, position: Position): ParsedStatement[] {
    const { node } = statement;
    if (position.branch !== undefined) this.#conditional.set(statement, position.branch);
    // What leaves the schema as it is is judged by itself, whichever function is called.
    if (position.choices.length > 0 && !isQuery(node)) this.#chosen.set(statement, position.choices);
    // A block in a block in a block: nobody writes that to be read.
    if (position.depth > 8) return [statement];
    if ("DoStmt" in node) return [statement, ...this.#runBody(statement, statement, position)];
    if ("CreateSchemaStmt" in node) {
      const { schemaname, schemaElts } = node.CreateSchemaStmt;
      const inner = (schemaElts ?? []).map((one) => ({ ...statement, node: inSchema(one, schemaname) }));
      return [statement, ...inner.flatMap((one) => this.#expandOne(one, deeper(position)))];
    }
    if ("CreateFunctionStmt" in node) {
      if (!this.#isEngineSql(statement.text)) this.#functions.add(node.CreateFunctionStmt, statement);
      return [statement];
    }
    const renamed = readFunctionRename(node);
    if (renamed !== undefined) this.#functions.rename(renamed.from, renamed.to);
    return [statement, ...readCalls(node).flatMap((call) => this.#runCall(call, statement, position))];
  }

  /** What a call does: where it may mean several functions, each under a choice of its own. */
  #runCall(call: Call, at: ParsedStatement, position: Position): ParsedStatement[] {
    const found = this.#functions.find(call);
    const [only, ...others] = found;
    if (only !== undefined && others.length === 0) return this.#runBody(only, at, position);
    const name = JSON.stringify([
      call.name,
      found.map(({ migration, line, column }) => [migration, line, column]),
    ]);
    return found.flatMap((made, option) => {
      const choices = [...position.choices, { call: name, option }];
      return this.#runBody(made, at, { ...position, choices });
    });
  }

  /** What the body of a block or function does; `at` is what runs it. */
  #runBody(made: ParsedStatement, at: ParsedStatement, position: Position): ParsedStatement[] {
    // A function that calls itself does nothing else the second time.
    if (this.#running.has(made)) return [];
    this.#running.add(made);
    const statements = this.#readBody(made, at, position);
    this.#running.delete(made);
    return statements;
  }

  #readBody(made: ParsedStatement, at: ParsedStatement, position: Position): ParsedStatement[] {
    const body = readBody(made.node);
    if (body === undefined || this.#isEngineSql(made.text)) return [];
    const inside = deeper(position);
    const expandText = (sql: string, place: ParsedStatement, branch: Branch | undefined) =>
      parseText(sql, place)?.flatMap((one) => this.#expandOne(one, { ...inside, branch }));
    if (body.parsed.length > 0) {
      const inner = body.parsed.flatMap(flatten).map((node) => ({ ...at, node }));
      return inner.flatMap((one) => this.#expandOne(one, inside));
    }
    if (body.language === "sql") {
      const inner = expandText(body.text, at, position.branch);
      return inner ?? this.#leave(at, body.text);
    }
    const read = body.language === "plpgsql" ? readPlpgsql(made.text) : undefined;
    if (read === undefined) return this.#leave(at, body.text);
    const first = this.#branches;
    this.#branches += Math.max(0, ...read.steps.map((step) => step.branch));
    return read.steps.flatMap((step) => {
      const place = made === at ? placeInBody(at, body.text, step.line) : at;
      const maybe = step.branch === 0 ? position.branch : first + step.branch;
      if (step.kind !== "dynamic") {
        const sql = step.kind === "expression" ? `select ${step.sql}` : step.sql;
        return expandText(sql, place, maybe) ?? [];
      }
      const folded = foldText(step.sql, read.constants);
      const inner = folded.known ? expandText(folded.text, place, maybe) : undefined;
      return inner ?? this.#leave(place, step.sql, folded, body.text);
    });
  }

  /** Nothing can be said of it but by the words that it has. */
  #leave(at: ParsedStatement, text: string, folded?: FoldedText, around = ""): [] {
    const known = (folded?.text ?? text).replaceAll(HOLE, "");
    // The pieces of a text that another function joins.
    const pieces = text.replaceAll(/['",|[\]()\s]+/g, " ");
    // Of a text of which nothing is known the rest of the block may tell.
    const word =
      findIsolationWord(known) ??
      findIsolationWord(pieces) ??
      findHiding(text) ??
      (known === "" ? (findIsolationWord(around) ?? findHiding(around)) : undefined);
    this.#unread.push({ at, word });
    return [];
  }
}

function parseText(sql: string, at: ParsedStatement): ParsedStatement[] | undefined {
  try {
    return (parseSync(sql).stmts ?? []).flatMap(({ stmt }) =>
      stmt === undefined ? [] : [{ ...at, node: stmt, text: sql }],
    );
  } catch {
    return undefined;
  }
}

/** The line of the file on which a line of the body stands. */
function placeInBody(at: ParsedStatement, body: string, line: number): ParsedStatement {
  const from = at.text.indexOf(body);
  if (from === -1) return at;
  const before = at.text.slice(0, from).split("\n").length - 1;
  const offset = before + line - 1;
  if (offset === 0) return at;
  const text = at.text.split("\n")[offset] ?? "";
  return { ...at, line: at.line + offset, column: text.length - text.trimStart().length + 1 };
}

function deeper(position: Position): Position {
  return { ...position, depth: position.depth + 1 };
}

/** True for what reads and writes rows only. */
function isQuery(node: Node): boolean {
  if ("SelectStmt" in node) return node.SelectStmt.intoClause === undefined;
  return "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node;
}

/** The statements of a body that is written without quotes. */
function flatten(node: Node): Node[] {
  return "List" in node ? (node.List.items ?? []).flatMap(flatten) : [node];
}

/** What is made inside CREATE SCHEMA is made in that schema. */
function inSchema(node: Node, schemaname: string | undefined): Node {
  if (schemaname === undefined) return node;
  if ("CreateStmt" in node) {
    return { CreateStmt: { ...node.CreateStmt, relation: { schemaname, ...node.CreateStmt.relation } } };
  }
  if ("ViewStmt" in node)
    return { ViewStmt: { ...node.ViewStmt, view: { schemaname, ...node.ViewStmt.view } } };
  if ("IndexStmt" in node) {
    return { IndexStmt: { ...node.IndexStmt, relation: { schemaname, ...node.IndexStmt.relation } } };
  }
  if ("GrantStmt" in node) {
    const objects = (node.GrantStmt.objects ?? []).map((object) =>
      "RangeVar" in object ? { RangeVar: { schemaname, ...object.RangeVar } } : object,
    );
    return { GrantStmt: { ...node.GrantStmt, objects } };
  }
  return node;
}
