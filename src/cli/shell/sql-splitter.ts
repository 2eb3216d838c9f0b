/** What an unfinished text is in the middle of, in the signs of psql's prompt. */
export type Unfinished = "=" | "-" | "'" | '"' | "$" | "*" | "(";

type Mode = "plain" | "quote" | "escape" | "identifier" | "dollar" | "comment";

const SIGNS = { quote: "'", escape: "'", identifier: '"', dollar: "$", comment: "*" } as const;

const IDENTIFIER = "[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_$\\u0080-\\uffff]*";
const TOKEN = new RegExp(
  [
    "(?<space>[ \\t\\n\\r\\f\\v]+)",
    "(?<lineComment>--[^\\n\\r]*)",
    "(?<comment>/\\*)",
    "(?<dollar>\\$(?:[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_\\u0080-\\uffff]*)?\\$)",
    `(?<word>${IDENTIFIER})`,
    "\\$[0-9]+",
    // A number and a name that is stuck to it are one token, which the server then refuses as junk.
    `[0-9][0-9_.]*(?:${IDENTIFIER})?`,
    "[^]",
  ].join("|"),
  "y",
);

/** `create [or replace] function | procedure`, by first letters as psql remembers them. */
const CREATES_ROUTINE = /^c(or)?[fp]/;
const REMEMBERED: ReadonlySet<string> = new Set(["create", "or", "replace", "function", "procedure"]);

/**
 * Splits SQL into statements at its semicolons, line by line as they are typed or read, by PostgreSQL's own lexical
 * rules: not within quotes, dollar quotes, (nested) comments, parentheses, or a routine's BEGIN ATOMIC … END. With
 * `standard_conforming_strings` off, which nobody should, a backslash before a quote is misread.
 *
 * Source: src/fe_utils/psqlscan.l of PostgreSQL 18.
 *
 * @example
 * const splitter = new SqlSplitter();
 * splitter.push("select ';'; select\n"); // ["select ';'"]
 * splitter.push("2;\n"); // ["select\n2"]
 */
export class SqlSplitter {
  #text = "";
  #blank = true;
  #mode: Mode = "plain";
  #tag = "";
  #comments = 0;
  #parentheses = 0;
  #words = "";
  #wordCount = 0;
  #begins = 0;
  /** After an E'…': a quote behind a line break goes on with it, escapes and all. */
  #continues: "no" | "on-line" | "below" = "no";
  /** The very next token is the quote of an E'…'. */
  #escapeNext = false;

  /** Takes a whole line, its line break included, and returns the statements that it completes, without semicolons. */
  push(line: string): string[] {
    const statements: string[] = [];
    let from = 0;
    let at = 0;
    while (at < line.length) {
      if (this.#mode !== "plain") {
        at = this.#skip(line, at);
        continue;
      }
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(line);
      if (token === null) break;
      at = TOKEN.lastIndex;
      if (token[0] === ";" && this.#parentheses === 0 && this.#begins === 0) {
        this.#text += line.slice(from, at - 1);
        if (!this.#blank) statements.push(trimSpace(this.#text));
        this.clear();
        from = at;
      } else this.#take(token, line, at);
    }
    this.#text += line.slice(from);
    return statements;
  }

  /** Where the text so far stops: `=` between statements, `-` within one, else what is still open. */
  get unfinished(): Unfinished {
    if (this.#mode !== "plain") return SIGNS[this.#mode];
    if (this.#parentheses > 0) return "(";
    return this.#blank ? "=" : "-";
  }

  /** The statement so far, or undefined if there is nothing but comments; then begins anew. */
  take(): string | undefined {
    const statement = this.#blank ? undefined : trimSpace(this.#text);
    this.clear();
    return statement;
  }

  /** Forgets the statement so far. */
  clear(): void {
    this.#text = this.#tag = this.#words = "";
    this.#mode = "plain";
    this.#blank = true;
    this.#comments = this.#parentheses = this.#wordCount = this.#begins = 0;
    this.#continues = "no";
  }

  #take(token: RegExpExecArray, line: string, end: number): void {
    const { space, lineComment, comment, dollar, word } = token.groups ?? {};
    const text = token[0];
    if (space !== undefined) {
      if (this.#continues === "on-line" && /[\n\r]/.test(space)) this.#continues = "below";
      return;
    }
    if (lineComment !== undefined) return;
    const continued = this.#continues === "below";
    this.#continues = "no";
    if (comment !== undefined) {
      this.#mode = "comment";
      this.#comments = 1;
      return;
    }
    this.#blank = false;
    if (dollar !== undefined) {
      this.#mode = "dollar";
      this.#tag = dollar;
    } else if (word !== undefined) {
      this.#takeWord(word.toLowerCase());
      if (word.toLowerCase() === "e" && line[end] === "'") this.#escapeNext = true;
    } else if (text === "'") {
      this.#mode = continued || this.#escapeNext ? "escape" : "quote";
      this.#escapeNext = false;
    } else if (text === '"') this.#mode = "identifier";
    else if (text === "(") this.#parentheses += 1;
    else if (text === ")") this.#parentheses = Math.max(0, this.#parentheses - 1);
  }

  #takeWord(word: string): void {
    if (this.#wordCount < 4) this.#words += REMEMBERED.has(word) ? word.charAt(0) : " ";
    this.#wordCount += 1;
    if (this.#parentheses > 0 || !CREATES_ROUTINE.test(this.#words)) return;
    if (word === "begin" || (word === "case" && this.#begins > 0)) this.#begins += 1;
    else if (word === "end") this.#begins = Math.max(0, this.#begins - 1);
  }

  /** The place behind whatever is open, or the end of the line if it stays open. */
  #skip(line: string, at: number): number {
    switch (this.#mode) {
      case "comment":
        return this.#skipComment(line, at);
      case "dollar": {
        const end = line.indexOf(this.#tag, at);
        return end === -1 ? line.length : this.#close(end + this.#tag.length);
      }
      case "escape":
        return this.#skipQuoted(line, at, /['\\]/g);
      case "identifier":
        return this.#skipQuoted(line, at, /"/g);
      default:
        return this.#skipQuoted(line, at, /'/g);
    }
  }

  #skipComment(line: string, at: number): number {
    const marks = /\/\*|\*\//g;
    marks.lastIndex = at;
    for (let mark = marks.exec(line); mark !== null; mark = marks.exec(line)) {
      this.#comments += mark[0] === "/*" ? 1 : -1;
      if (this.#comments === 0) return this.#close(marks.lastIndex);
    }
    return line.length;
  }

  #skipQuoted(line: string, at: number, marks: RegExp): number {
    marks.lastIndex = at;
    for (let mark = marks.exec(line); mark !== null; mark = marks.exec(line)) {
      const doubled = mark[0] !== "\\" && line[marks.lastIndex] === mark[0];
      if (mark[0] !== "\\" && !doubled) {
        const continues = this.#mode === "escape" ? "on-line" : "no";
        const end = this.#close(marks.lastIndex);
        this.#continues = continues;
        return end;
      }
      marks.lastIndex += 1;
    }
    return line.length;
  }

  #close(end: number): number {
    this.#mode = "plain";
    return end;
  }
}

/** Not `trim()`: to PostgreSQL a no-break space is a letter. */
function trimSpace(text: string): string {
  return text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, "");
}
