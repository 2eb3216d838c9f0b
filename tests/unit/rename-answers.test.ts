import type { Hint, MissingHint } from "drizzle-kit/cli";
import { describe, expect, it } from "vitest";
import type { Answering } from "../../src/migrate/create/answer-questions.js";
import { answerQuestions } from "../../src/migrate/create/answer-questions.js";
import { NO_ANSWERS, parseRenameAnswers, refuseUnused } from "../../src/migrate/create/rename-answers.js";
import type { SnapshotEntity } from "../../src/migrate/drizzle-kit.js";

describe("parseRenameAnswers", () => {
  it("keeps each answer once", () => {
    expect(parseRenameAnswers(["a=b", "a=b", "x=y"], ["c", "c"])).toEqual({
      renames: ["a=b", "x=y"],
      creates: ["c"],
    });
  });

  it.each(["", "=", "a", "a=", "=b"])("refuses --rename %j", (text) => {
    expect(() => parseRenameAnswers([text], [])).toThrow(
      expect.objectContaining({ code: "argument-invalid" }),
    );
  });

  it("takes names with equals signs", () => {
    expect(parseRenameAnswers(["a=b=c"], []).renames).toEqual(["a=b=c"]);
  });

  it("refuses one thing renamed from two, or renamed and created", () => {
    expect(() => parseRenameAnswers(["a=c", "b=c"], [])).toThrow(/more than one thing/);
    expect(() => parseRenameAnswers(["a=c"], ["c"])).toThrow(/both --rename and --create/);
  });
});

describe("refuseUnused", () => {
  it("names what answered nothing", () => {
    const answers = parseRenameAnswers(["a=b", "c=d"], ["e"]);
    expect(() => refuseUnused(answers, new Set(["a=b"]))).toThrow("--rename c=d, --create e");
    expect(() => refuseUnused(answers, new Set(["a=b", "c=d", "e"]))).not.toThrow();
  });
});

describe("answerQuestions", () => {
  const table = (name: string, schema = "public"): SnapshotEntity => ({ entityType: "tables", schema, name });
  const column = (of: string, name: string): SnapshotEntity => ({
    entityType: "columns",
    schema: "public",
    table: of,
    name,
  });
  const check = (of: string, name: string): SnapshotEntity => ({
    entityType: "checks",
    schema: "public",
    table: of,
    name,
  });
  const asked = (kind: string, ...entity: string[]) =>
    ({ type: "rename_or_create", kind, entity }) as unknown as MissingHint;
  const answering = (
    before: SnapshotEntity[],
    now: SnapshotEntity[],
    more: Partial<Answering> = {},
  ): Answering => ({
    before,
    now,
    answers: NO_ANSWERS,
    losses: new Set<string>(),
    used: new Set(),
    ask: undefined,
    ...more,
  });
  const renamed = { type: "rename", kind: "table", from: ["public", "a"], to: ["public", "b"] } as Hint;

  it("confirms what drizzle-kit would ask about lost data: the schema has said it", async () => {
    const question = {
      type: "confirm_data_loss",
      kind: "table",
      entity: ["public", "a"],
      reason: "non_empty",
    } as MissingHint;
    expect(await answerQuestions([question], [], answering([], []))).toEqual([
      { type: "confirm_data_loss", kind: "table", entity: ["public", "a"] },
    ]);
  });

  it("creates where nothing is gone that it could have been", async () => {
    const [hint] = await answerQuestions(
      [asked("table", "public", "b")],
      [],
      answering([table("a")], [table("a"), table("b")]),
    );
    expect(hint).toMatchObject({ type: "create", entity: ["public", "b"] });
  });

  it("does not offer the same old thing twice", async () => {
    const answers = parseRenameAnswers(["a=c"], []);
    const state = answering([table("a")], [table("b"), table("c")], { answers });
    expect(
      await answerQuestions([asked("table", "public", "c"), asked("table", "public", "b")], [], state),
    ).toMatchObject([
      { type: "rename", from: ["public", "a"] },
      { type: "create", entity: ["public", "b"] },
    ]);
  });

  it.each([
    ["a_x_check", "b_x_check", true],
    ["x_check", "y_check", false],
  ])("follows a renamed table from %s to %s: %s", async (from, to, follows) => {
    const state = answering([table("a"), check("a", from)], [table("b"), check("b", to)]);
    const answer = answerQuestions([asked("check", "public", "b", to)], [renamed], state);
    if (follows) expect(await answer).toMatchObject([{ type: "rename", from: ["public", "b", from] }]);
    else
      await expect(answer).rejects.toMatchObject({
        code: "rename-ambiguous",
        details: [`--rename b.${from}=b.${to}`, `--create b.${to}`],
      });
  });

  it("offers columns of the same table alone", async () => {
    const state = answering([column("a", "x"), column("other", "z")], [column("a", "y")]);
    await expect(answerQuestions([asked("column", "public", "a", "y")], [], state)).rejects.toMatchObject({
      details: ["--rename a.x=a.y", "--create a.y"],
    });
  });

  it("takes what a person chooses, and something new where they choose nothing", async () => {
    const state = (choice: string | undefined) =>
      answering([table("a")], [table("b")], {
        ask: async ({ candidates }) => candidates.find((one) => one === choice),
      });
    const ask = (choice: string | undefined) =>
      answerQuestions([asked("table", "public", "b")], [], state(choice));
    expect(await ask("a")).toMatchObject([{ type: "rename" }]);
    expect(await ask(undefined)).toMatchObject([{ type: "create" }]);
  });
});
