import { stat } from "node:fs/promises";
import { readState, stateFileIn } from "../../../postgres/embedded/embedded-state.js";
import { isPortFree } from "../../../postgres/embedded/free-port.js";
import { readPlace } from "../../../postgres/embedded/place.js";
import { readEmbedded } from "../../../postgres/embedded/read-embedded.js";
import type { Check } from "../check.js";
import { ok, skipped, warning } from "../check.js";
import { needsEmbedded } from "./embedded-programs.js";

/** The embedded server runs, or its port is free for it. */
export const embeddedServerCheck: Check = {
  id: "embedded-server",
  group: "The database",
  run: async (examination) => {
    if (!needsEmbedded(examination)) return skipped("not used here");
    const options = { projectDirectory: examination.context.directory };
    const { stateDirectory } = await readPlace(options);
    const state = await readState(stateDirectory);
    if (state === undefined) return ok("not made yet: the first command that needs it makes it");
    const file = stateFileIn(stateDirectory);
    if (process.platform !== "win32" && ((await stat(file)).mode & 0o077) !== 0)
      return warning(`${file} holds a password, and others can read it`, `chmod 600 '${file}'`);
    const running = await readEmbedded(options);
    if (running !== undefined) return ok(`runs on port ${running.port} (process ${running.pid})`);
    if (await isPortFree(state.port)) return ok(`does not run; its port ${state.port} is free`);
    return warning(
      `does not run, and another program has its port ${state.port}`,
      "End that program, or let the next start move the server to another port.",
    );
  },
};
