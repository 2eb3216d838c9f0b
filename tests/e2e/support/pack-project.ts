import { join } from "node:path";
import { z } from "zod";
import { copyBuiltProject } from "./copy-project.js";
import { mustRun } from "./run-command.js";

/** What `npm pack` has made. */
export type Tarball = {
  readonly file: string;
  /** The paths in it, relative to the package. */
  readonly contents: readonly string[];
  /** The folder that it was built in. */
  readonly source: string;
};

const packed = z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) });
/** A list, or an object by package names: npm has changed its mind. */
const report = z.union([
  z.array(packed),
  z.record(z.string(), packed).transform((all) => Object.values(all)),
]);

/** Builds and packs the project as it stands, into this folder. */
export async function packProject(folder: string): Promise<Tarball> {
  const source = join(folder, "source");
  await copyBuiltProject(source);
  const args = ["pack", "--json", "--loglevel=error", "--pack-destination", folder];
  const { stdout } = await mustRun({ program: "npm", args, cwd: source });
  const [tarball] = report.parse(JSON.parse(stdout));
  if (tarball === undefined) throw new Error("npm pack has made nothing");
  return { file: join(folder, tarball.filename), contents: tarball.files.map(({ path }) => path), source };
}
