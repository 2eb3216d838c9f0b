import { basename, join, resolve } from "node:path";
import { createJiti } from "jiti";
import { z } from "zod";
import { connect } from "../../client/connect.js";
import { countOf } from "../../core/count-of.js";
import { describeTarget, parseDatabaseUrl } from "../../core/database-url.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { SeededCreator } from "../../data/seed.js";
import { seed } from "../../data/seed.js";
import type { SeedModule } from "../../data/seed-module.js";
import { parseSeedModule } from "../../data/seed-module.js";
import { readServiceUrl, SERVICE_URL_VARIABLE } from "../../postgres/service-login.js";
import { defineTenancy } from "../../rls/define-tenancy.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { formatTable } from "../format-table.js";
import type { Project } from "../project/project.js";
import { requireDevelopment } from "../require-development.js";
import { resolveTarget } from "../target.js";

/** Above this, ids of integer columns would overlap or overflow. */
const MAX_CREATORS = 1000;
const MAX_SEED = 2_000_000;

/** `tenantry seed`: realistic rows for several creators, written as a service would write them. */
export const seedCommand = defineCommand({
  name: "seed",
  summary: "fill the tables with realistic rows for several creators (development)",
  example: "seed --creators 5 --count 50",
  options: [
    { flags: "--creators <number>", description: "how many creators; default 3" },
    { flags: "--seed <number>", description: "another number makes other rows; default 1" },
    { flags: "--count <number>", description: "rows per table and creator, roughly; default 10" },
    { flags: "--dry-run", description: "print what would be written and change nothing" },
  ],
  variables: ["DATABASE_URL"],
  exits: { 0: "the rows are there" },
  input: z.object({
    creators: z.coerce.number().int().min(1).max(MAX_CREATORS).default(3),
    seed: z.coerce.number().int().min(0).max(MAX_SEED).default(1),
    count: z.coerce.number().int().min(1).max(100_000).default(10),
    dryRun: z.boolean().default(false),
  }),
  run: async (context, input) => {
    requireDevelopment(
      context,
      "seed",
      "Set TENANTRY_ENV or --env to development if this database really is one to play with.",
    );
    const project = await context.loadProject();
    const { exports } = await project.loadSchema();
    const module = await loadSeedModule(project);
    const url = await resolveService(context);
    const client = await connect({
      url,
      tenancy: defineTenancy(project.settings),
      max: 1,
      applicationName: "tenantry seed",
    });
    try {
      const { logger, signal } = context;
      const { settings } = project;
      const creators = await seed({ client, settings, exports, module, logger, signal, ...input });
      return { exitCode: 0, data: { seed: input.seed, creators }, text: describe(creators, input) };
    } finally {
      await client.close();
    }
  },
});

async function loadSeedModule({ settings, directory }: Project): Promise<SeedModule | undefined> {
  if (settings.seed === undefined) return undefined;
  const path = resolve(directory, settings.seed);
  try {
    return parseSeedModule(await createJiti(import.meta.url).import(path), basename(path));
  } catch (thrown) {
    if (thrown instanceof TenantryError) throw thrown;
    throw new TenantryError({
      code: "config-invalid",
      message: `The seed module ${settings.seed} could not be loaded: ${messageOf(thrown).split("\n")[0]}`,
      details: [path],
      hint: "Correct the file, or `seed` in defineTenancy() of drizzle.config.ts.",
      cause: thrown,
    });
  }
}

/** The login of services: seeding goes through row security, not around it. */
async function resolveService(context: Context): Promise<URL> {
  const file = join(context.directory, ".tenantry", "service.env");
  const given = context.variables[SERVICE_URL_VARIABLE];
  // Named on purpose, perhaps through a pooler, by another host and port than the migrator's.
  if (given !== undefined && given !== "") return parseDatabaseUrl(given, SERVICE_URL_VARIABLE);
  const url = await readServiceUrl(file);
  if (url === undefined) {
    throw new TenantryError({
      code: "role-insufficient",
      message: `There is no login for services: ${file} is missing, and ${SERVICE_URL_VARIABLE} is not set.`,
      hint: 'Run "tenantry init", which makes one.',
    });
  }
  // Also starts the embedded server, if it is that and does not run.
  const target = describeTarget((await resolveTarget(context)).url);
  const { host, port, database } = describeTarget(url);
  if (host === target.host && port === target.port && database === target.database) return url;
  throw new TenantryError({
    code: "argument-invalid",
    message: `The service login is for ${database} at ${host}:${port}, DATABASE_URL for ${target.database} at ${target.host}:${target.port}.`,
    hint: `Run "tenantry init" to make a login there, or set ${SERVICE_URL_VARIABLE} for the same database.`,
  });
}

function describe(creators: readonly SeededCreator[], input: { readonly seed: number }): string {
  const fresh = creators.filter(({ status }) => status !== "exists");
  const isDryRun = creators.some(({ status }) => status === "planned");
  const total = fresh.flatMap(({ rows }) => Object.values(rows)).reduce((sum, rows) => sum + rows, 0);
  const existing = creators.length - fresh.length;
  if (fresh.length === 0) {
    return `Nothing to do: the ${countOf(creators.length, "creator")} of seed ${input.seed} ${creators.length === 1 ? "is" : "are"} there already. Another --seed or more --creators makes new ones.`;
  }
  const left = existing === 0 ? "" : `, ${countOf(existing, "creator")} left as they were`;
  const head = `${isDryRun ? "Would seed" : "Seeded"} ${countOf(fresh.length, "creator")} with ${countOf(total, "row")} (seed ${input.seed})${left}.`;
  const byTable = Object.keys(fresh[0]?.rows ?? {}).map((name) => [
    name,
    String(fresh.reduce((sum, { rows }) => sum + (rows[name] ?? 0), 0)),
  ]);
  return [
    head,
    formatTable({
      headings: ["CREATOR", "ROWS"],
      rows: creators.map(({ id, status, rows }) => [
        id,
        status === "exists" ? "exists" : String(Object.values(rows).reduce((sum, count) => sum + count, 0)),
      ]),
    }),
    formatTable({ headings: ["TABLE", "ROWS"], rows: byTable }),
  ].join("\n\n");
}
