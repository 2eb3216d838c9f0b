import type { OptionDefinition } from "./command.js";

/** The options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionDefinition[] = [
  {
    flags: "--env <name>",
    description: "development, staging or production (TENANTRY_ENV)",
    values: ["development", "staging", "production"],
  },
  {
    flags: "--database-url <url>",
    description: "the migrator's login; prefer DATABASE_URL, which no process list shows",
  },
  { flags: "--config <file>", description: "the configuration file (drizzle.config.ts)", values: "files" },
  { flags: "--json", description: "print one JSON object and nothing else" },
  { flags: "--quiet", description: "no progress on stderr" },
];
