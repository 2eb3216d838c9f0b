import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { mustRun } from "../../e2e/support/run-command.js";
import type { BenchMigrator } from "./migrator.js";
import { stampOf } from "./migrator.js";

const require = createRequire(import.meta.url);

/** dbmate, a program: what is measured is a whole process. */
export function benchDbmate(folder: string): BenchMigrator {
  const packageFile = require.resolve(`@dbmate/${process.platform}-${process.arch}/package.json`);
  const program = join(dirname(packageFile), "bin", "dbmate");
  return {
    name: "dbmate 2.24.0 (a process)",
    prepare: async (migrations) => {
      await mkdir(folder, { recursive: true });
      for (const [index, { name, sql }] of migrations.entries())
        await writeFile(
          join(folder, `${stampOf(index)}_${name}.sql`),
          `-- migrate:up\n${sql}\n-- migrate:down\n`,
        );
    },
    migrate: async (url) => {
      const target = new URL(url);
      target.searchParams.set("sslmode", "disable");
      const args = ["--url", target.href, "--migrations-dir", folder, "--no-dump-schema", "migrate"];
      await mustRun({ program, args, cwd: folder });
    },
  };
}
