import { createInterface } from "node:readline";
import type { Terminal } from "./terminal.js";
import { withInterrupts } from "./with-interrupts.js";

/** Something that takes lines. */
export type Prompt = {
  /** What stands before the next line. */
  readonly text: () => string;
  /** Takes a line, without its line break; false ends the prompt. */
  readonly accept: (line: string) => Promise<boolean>;
  /** Cancels what `accept` is at work on. */
  readonly cancel: () => void;
  /** Forgets what was typed so far: Ctrl-C while nothing runs. */
  readonly discard: () => void;
};

/**
 * Feeds lines to a prompt until it ends, the input ends (Ctrl-D), or the signal fires. On a terminal, with line editing, and
 * Ctrl-C cancels or discards; in a script without any noise, and Ctrl-C stops tenantry as it does everywhere else.
 */
export async function runPrompt(prompt: Prompt, terminal: Terminal, signal: AbortSignal): Promise<void> {
  signal.addEventListener("abort", prompt.cancel);
  try {
    if (terminal.interactive) await readTyped(prompt, terminal, signal);
    else await readPiped(prompt, terminal.input, signal);
  } finally {
    signal.removeEventListener("abort", prompt.cancel);
  }
}

async function readTyped(prompt: Prompt, { input, output }: Terminal, signal: AbortSignal): Promise<void> {
  const reader = createInterface({ input, output, terminal: true, historySize: 1000 });
  let isBusy = false;
  const show = () => {
    reader.setPrompt(prompt.text());
    reader.prompt();
  };
  const interrupt = () => {
    if (isBusy) {
      prompt.cancel();
      return;
    }
    prompt.discard();
    reader.write(null, { ctrl: true, name: "e" });
    output.write("^C\n");
    reader.write(null, { ctrl: true, name: "u" });
    show();
  };
  const close = () => reader.close();
  reader.on("SIGINT", interrupt);
  signal.addEventListener("abort", close);
  let ended = false;
  reader.once("close", () => {
    ended = true;
  });
  try {
    // The terminal hands Ctrl-C to readline as a key, except once the input has ended and a statement still runs.
    await withInterrupts(interrupt, async () => {
      show();
      for await (const line of reader) {
        isBusy = true;
        const goesOn = await prompt.accept(line);
        isBusy = false;
        if (!goesOn) return;
        if (!ended) show();
      }
      output.write("\n");
    });
  } finally {
    signal.removeEventListener("abort", close);
    reader.close();
  }
}

async function readPiped(prompt: Prompt, input: NodeJS.ReadableStream, signal: AbortSignal): Promise<void> {
  for await (const line of linesOf(input, signal)) {
    if (signal.aborted || !(await prompt.accept(line))) return;
  }
}

/** Not node:readline, which would also break a line at U+2028, and so change what is within quotes. */
async function* linesOf(input: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<string> {
  input.setEncoding("utf8");
  const close = () => {
    if ("destroy" in input && typeof input.destroy === "function") input.destroy();
  };
  signal.addEventListener("abort", close);
  let rest = "";
  try {
    for await (const chunk of input) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") yield rest;
  } catch (thrown) {
    // Destroying the input is how a wait for it is ended.
    if (!signal.aborted) throw thrown;
  } finally {
    signal.removeEventListener("abort", close);
  }
}
