import { basename, join } from "node:path";
import { z } from "zod";
import { defineCommand } from "../command.js";
import { writeBashCompletion } from "../completion/bash.js";
import { createCompletionModel, SHELLS } from "../completion/completion-model.js";
import { writeFishCompletion } from "../completion/fish.js";
import { listMigrations } from "../completion/list-migrations.js";
import { writeZshCompletion } from "../completion/zsh.js";
import { CONFIG_NAME } from "../project/project.js";

const WRITERS = { bash: writeBashCompletion, zsh: writeZshCompletion, fish: writeFishCompletion } as const;

/** `tenantry completion`: what a shell needs to complete command lines. */
export const completionCommand = defineCommand({
  name: "completion",
  summary: "print the script with which bash, zsh or fish completes tenantry",
  example: "completion bash",
  argument: {
    name: "shell",
    description: "bash, zsh or fish; or migrations, for the names that the scripts ask for",
    values: SHELLS,
  },
  options: [],
  exits: { 0: "the script is printed" },
  input: z.object({
    shell: z.enum([...SHELLS, "migrations"]),
    /** Also an option of every command. */
    config: z.string().default(CONFIG_NAME),
  }),
  anyEnvironment: true,
  run: async (context, { shell, config }) => {
    if (shell === "migrations") {
      const names = await listMigrations(join(context.directory, basename(config)));
      return { exitCode: 0, data: { migrations: names }, text: names.join("\n") };
    }
    const { loadCommands } = await import("../commands.js");
    const script = WRITERS[shell](createCompletionModel(await loadCommands()));
    return { exitCode: 0, data: { shell, script }, text: script.trimEnd() };
  },
});
