import { isCancel, select } from "@clack/prompts";
import { TenantryError } from "../core/errors.js";
import type { RenameQuestion } from "../migrate/create/answer-questions.js";

/** What the select returns for something new; no label is empty. */
const NEW = "";

/**
 * Asks on the terminal whether something is new or renamed.
 *
 * @throws TenantryError `interrupted` if the person gives up.
 */
export async function askRename(question: RenameQuestion): Promise<string | undefined> {
  const answer = await select({
    message: `Is ${question.kind} ${question.label} new, or renamed?`,
    // A rename first: Enter by habit must not be the answer that drops something with its data.
    options: [
      ...question.candidates.map((candidate) => ({ value: candidate, label: `renamed from ${candidate}` })),
      { value: NEW, label: "new", hint: "what is gone is dropped, with its data" },
    ],
    output: process.stderr,
  });
  if (isCancel(answer)) {
    throw new TenantryError({
      code: "interrupted",
      message: "Nothing was written.",
      hint: "Run the command again when you know.",
    });
  }
  return answer === NEW ? undefined : answer;
}
