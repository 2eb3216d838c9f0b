import type { CreateFunctionStmt, Node } from "libpg-query";
import { parseSync } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import { stringsOf, typeText } from "../syntax-names.js";
import { calledNames, runsQuery } from "../system-names.js";
import type { IsEngineSql } from "./engine-blocks.js";
import type { FoldedText } from "./fold-text.js";
import { foldText, HOLE } from "./fold-text.js";
import { findHiding, findIsolationWord } from "./isolation-words.js";
import { readBody } from "./read-body.js";
import { readPlpgsql } from "./read-plpgsql.js";

/** SQL that runs and that nobody can read before it does. */
export type Unread = {
  readonly at: ParsedStatement;
  /** The word that it has to do with isolation by, or by which it is hidden. */
  readonly word: string | undefined;
};

/** Statements that run together or not at all; in the order in which they stand. */
export type Branch = number;

/** The statements of a folder, and what blocks and functions do when they are run. */
export type Expansion = {
  readonly statements: readonly ParsedStatement[];
  readonly unread: readonly Unread[];
  /** Those that may be passed over when they are run, each with the branch that it stands in. */
  readonly conditional: ReadonlyMap<ParsedStatement, Branch>;
};

/** Puts the statements of blocks, and of functions where they are called, behind what runs them. */
export class StatementExpander {
  readonly #isEngineSql: IsEngineSql;
  /** By the last part of the name, and by all of it with the types of the parameters. */
  readonly #functions = new Map<string, Map<string, ParsedStatement>>();
  readonly #running = new Set<ParsedStatement>();
  readonly #unread: Unread[] = [];
  readonly #conditional = new Map<ParsedStatement, Branch>();
  #branches = 0;

  constructor(isEngineSql: IsEngineSql) {
    this.#isEngineSql = isEngineSql;
  }

  /** What has been found in all that was expanded so far. */
  get found(): Omit<Expansion, "statements"> {
    return { unread: this.#unread, conditional: this.#conditional };
  }

  /** Expands the statements of one migration. */
  expand(statements: readonly ParsedStatement[]): ParsedStatement[] {
    return statements.flatMap((statement) => this.#expandOne(statement, undefined, 0));
  }

  #expandOne(statement: ParsedStatement, branch: Branch | undefined, depth: number): ParsedStatement[] {
    if (branch !== undefined) this.#conditional.set(statement, branch);
    const { node } = statement;
    // A block in a block in a block: nobody writes that to be read.
    if (depth > 8) return [statement];
    if ("DoStmt" in node) return [statement, ...this.#runBody(statement, statement, branch, depth)];
    if ("CreateSchemaStmt" in node) {
      const { schemaname, schemaElts } = node.CreateSchemaStmt;
      const inner = (schemaElts ?? []).map((one) => ({ ...statement, node: inSchema(one, schemaname) }));
      return [statement, ...inner.flatMap((one) => this.#expandOne(one, branch, depth + 1))];
    }
    if ("CreateFunctionStmt" in node) {
      this.#addFunction(node.CreateFunctionStmt, statement);
      return [statement];
    }
    const called = this.#functions.size === 0 ? [] : calledFunctions(node);
    return [
      statement,
      ...called.flatMap((name) => {
        const overloads = [...(this.#functions.get(name)?.values() ?? [])];
        return overloads.flatMap((made) => this.#runBody(made, statement, branch, depth));
      }),
    ];
  }

  /** Which overload is called is not worked out: each of them may be. */
  #addFunction({ funcname, parameters }: CreateFunctionStmt, statement: ParsedStatement): void {
    if (this.#isEngineSql(statement.text)) return;
    const names = stringsOf(funcname);
    const types = (parameters ?? []).map((parameter) =>
      "FunctionParameter" in parameter ? typeText(parameter.FunctionParameter.argType) : "",
    );
    const bare = names.at(-1) ?? "";
    const overloads = this.#functions.get(bare) ?? new Map<string, ParsedStatement>();
    this.#functions.set(bare, overloads.set(JSON.stringify([names, types]), statement));
  }

  /** What the body of a block or function does; `at` is what runs it. */
  #runBody(
    made: ParsedStatement,
    at: ParsedStatement,
    branch: Branch | undefined,
    depth: number,
  ): ParsedStatement[] {
    // A function that calls itself does nothing else the second time.
    if (this.#running.has(made)) return [];
    this.#running.add(made);
    const statements = this.#readBody(made, at, branch, depth);
    this.#running.delete(made);
    return statements;
  }

  #readBody(
    made: ParsedStatement,
    at: ParsedStatement,
    branch: Branch | undefined,
    depth: number,
  ): ParsedStatement[] {
    const body = readBody(made.node);
    if (body === undefined || this.#isEngineSql(made.text)) return [];
    const expandText = (sql: string, place: ParsedStatement, maybe: Branch | undefined) =>
      parseText(sql, place)?.flatMap((one) => this.#expandOne(one, maybe, depth + 1));
    if (body.parsed.length > 0) {
      const inner = body.parsed.flatMap(flatten).map((node) => ({ ...at, node }));
      return inner.flatMap((one) => this.#expandOne(one, branch, depth + 1));
    }
    if (body.language === "sql") {
      const inner = expandText(body.text, at, branch);
      return inner ?? this.#leave(at, body.text);
    }
    const read = body.language === "plpgsql" ? readPlpgsql(made.text) : undefined;
    if (read === undefined) return this.#leave(at, body.text);
    const first = this.#branches;
    this.#branches += Math.max(0, ...read.steps.map((step) => step.branch));
    return read.steps.flatMap((step) => {
      const place = made === at ? placeInBody(at, body.text, step.line) : at;
      const maybe = step.branch === 0 ? branch : first + step.branch;
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

/** The functions that a statement runs now, by the last parts of their names. */
function calledFunctions(node: Node): string[] {
  if (!runsQuery(node)) return [];
  return [...new Set(calledNames(node).map((name) => name.replace(/^.*\./, "")))];
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
