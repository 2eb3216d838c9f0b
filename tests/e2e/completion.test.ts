import { mkdir, readdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMAND_NAMES } from "../../src/cli/commands.js";
import { SHELLS } from "../../src/cli/completion/completion-model.js";
import { findProgram } from "../support/find-program.js";
import { installDebianPackage } from "../support/install-debian-package.js";
import { repository } from "./support/copy-project.js";
import { mustRun } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const folder = await makeTemporaryFolder();
const project = join(folder, "project");
const MIGRATIONS = ["20260101000000_init", "20260102000000_add $(touch pwned) notes", "20260103000000_über"];

const path = `${join(folder, "bin")}${delimiter}${process.env.PATH}`;
const scripts = new Map<string, string>();
const shells = new Map<string, string>();

beforeAll(async () => {
  await mkdir(join(folder, "bin"));
  const bin = join(repository, "dist/src/cli/bin.js");
  await writeFile(join(folder, "bin/tenantry"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, {
    mode: 0o755,
  });
  await mkdir(project);
  await writeFile(join(project, "drizzle.config.ts"), 'export default { out: "./migrations" };\n');
  await writeFile(join(folder, "inner.zsh"), ZSH_INNER);
  await writeFile(join(project, "other.config.ts"), "export default {};\n");
  await mkdir(join(project, "some folder"));
  for (const name of MIGRATIONS) await mkdir(join(project, "migrations", name), { recursive: true });
  for (const shell of SHELLS) {
    const { stdout, stderr } = await mustRun({
      program: process.execPath,
      args: [bin, "completion", shell],
      cwd: folder,
    });
    expect(stderr).toBe("");
    scripts.set(shell, join(folder, `completion.${shell}`));
    await writeFile(join(folder, `completion.${shell}`), stdout);
    if ((await findProgram([shell])) === undefined) await installDebianPackage(shell);
    shells.set(shell, (await findProgram([shell])) ?? shell);
  }
});

/** What bash would offer: the function is called as readline does, after bash's own splitting of words at `=`. */
const BASH = `
source "$SCRIPT"
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_tenantry tenantry "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** What the line editor of zsh adds to the line; it is asked as soon as it shows its first prompt, and then ends. */
const ZSH_INNER = `
PROMPT= RPROMPT=
autoload -Uz compinit
compinit -u -d "$DUMP"
source "$SCRIPT"
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a __hits
  builtin compadd -A __hits "$@"
  [[ -n $__hits ]] && print -rl -- $__hits >> "$HITS"
  builtin compadd "$@"
}
zle-line-init() { BUFFER=$LINE CURSOR=\${#LINE}; zle complete-word; exit 0 }
zle -N zle-line-init
`;

/** It needs a terminal of its own. */
const ZSH = `
zmodload zsh/zpty
zpty inner 'exec "$SHELL_PROGRAM" -f -i'
zpty -w inner 'source "$INNER"'
while zpty -r inner line; do :; done
cat "$HITS" 2>/dev/null
exit 0
`;

async function run(shell: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const program = shells.get(shell) ?? shell;
  const variables = { PATH: path, SCRIPT: scripts.get(shell) ?? "", LC_ALL: "C.UTF-8", HOME: folder, ...env };
  const { stdout } = await mustRun({ program, args, cwd: project, env: variables });
  return stdout
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "")
    .filter((line) => line !== "");
}

let runs = 0;

const complete: Readonly<Record<string, (...words: readonly string[]) => Promise<string[]>>> = {
  // As readline splits a line: the sign is a word.
  bash: async (...words) =>
    await run(
      "bash",
      [
        "--norc",
        "-c",
        BASH,
        "bash",
        ...words
          .flatMap((word) => word.split(/(=)/))
          .filter((word, index, all) => word !== "" || index === all.length - 1),
      ],
      {},
    ),
  fish: async (...words) => {
    const line = words.join(" ");
    return await run("fish", ["--no-config", "-c", 'source "$SCRIPT"; complete -C "$LINE"'], { LINE: line });
  },
  zsh: async (...words) => {
    runs += 1;
    const env = {
      LINE: words.join(" "),
      HITS: join(folder, `zsh-hits-${runs}`),
      INNER: join(folder, "inner.zsh"),
      DUMP: join(folder, "zcompdump"),
      SHELL_PROGRAM: shells.get("zsh") ?? "",
      TERM: "vt100",
    };
    return await run("zsh", ["-f", "-c", ZSH], env);
  },
};

describe.each(SHELLS)("the completion of %s", (shell) => {
  const offers = async (...words: readonly string[]) => {
    const offered = await complete[shell]?.("tenantry", ...words);
    return offered?.sort();
  };

  it("knows every command, and help", async () => {
    expect(await offers("")).toEqual([...COMMAND_NAMES, "help"].sort());
    expect(await offers("st")).toEqual(["stamp", "start", "status", "stop"]);
    expect(await offers("help", "rol")).toEqual(["rollback"]);
  });

  it("knows the options of a command, and those of all", async () => {
    expect(await offers("check", "--s")).toEqual(
      expect.arrayContaining(["--services", "--staged"].map(signed)),
    );
    expect(await offers("check", "--js")).toEqual(["--json"]);
    expect(await offers("--env", "production", "verify", "--pr")).toEqual(["--probe"]);
    expect(await offers("status", "--stag")).toEqual([]);
  });

  it("knows the values of options that have few, given either way", async () => {
    expect(await offers("status", "--env", "")).toEqual(["development", "production", "staging"]);
    expect(await offers("--env", "pro")).toEqual(["production"]);
    expect(await offers("check", "--format", "s")).toEqual(["sarif"]);
    expect((await offers("check", "--format=s"))?.map((value) => value.replace(/^--format=/, ""))).toEqual([
      "sarif",
    ]);
    expect(await offers("completion", "")).toEqual([...SHELLS].sort());
  });

  it("offers nothing where nobody can know", async () => {
    expect(await offers("migrate", "--reason", "st")).toEqual([]);
    expect(await offers("status", "st")).toEqual([]);
  });

  it("names migrations, quoted where need be, and evaluates none of them", async () => {
    const names = (await offers("rollback", "--to", ""))?.map((name) => name.replaceAll("\\", ""));
    expect(names).toEqual([...MIGRATIONS].sort());
    expect(await offers("stamp", "--to", "20260103")).toHaveLength(1);
    expect(await readdir(project)).not.toContain("pwned");
  });

  it("names files where a file is asked for, and folders where one is", async () => {
    expect((await offers("status", "--config", "o"))?.map(plain)).toEqual(["other.config.ts"]);
    const places = (await offers("generate", "--out", ""))?.map(plain);
    expect(places).toEqual(expect.arrayContaining(["migrations", "some folder"]));
    expect(places).not.toContain("drizzle.config.ts");
  });

  /** zsh adds the sign to an option that takes a value, to be typed over with a space. */
  function signed(option: string): unknown {
    return expect.stringMatching(new RegExp(`^${option}=?$`));
  }

  function plain(name: string): string {
    return name.replaceAll("\\", "").replace(/\/$/, "");
  }
});
