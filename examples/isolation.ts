/**
 * Two creators in one database, and what one of them can do to the other's rows: nothing.
 *
 * Run it with `make demo`, on the development database that `make db-init` has made. Its two creators have fixed ids
 * and stay; what they own is removed at the end.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { loadEnvFile } from "node:process";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import postgres from "postgres";
import { connect, type ErrorCode, TenantryError } from "tenantry/client";
import { conversations, creators, documents, widgetConfigurations } from "tenantry/schema";

const ANN = { id: "019b76da-0000-7000-8000-00000000000a", name: "Ann", title: "Ann's price list" };
const BOB = { id: "019b76da-0000-7000-8000-00000000000b", name: "Bob", title: "Bob's recipes" };

/** By row security or by a foreign key; any other error proves nothing. */
const REFUSALS: Readonly<Partial<Record<ErrorCode, string>>> = {
  "row-not-permitted": "row-level security",
  "foreign-key-violation": "foreign key",
};

const serviceFile = fileURLToPath(new URL("../.tenantry/service.env", import.meta.url));
if (process.env.SERVICE_DATABASE_URL === undefined && existsSync(serviceFile)) loadEnvFile(serviceFile);

const url = process.env.SERVICE_DATABASE_URL;
if (url === undefined || url === "") {
  console.error("There is no database to show this on yet: run make db-init, then make demo again.");
  process.exit(2);
}
process.exitCode = await demonstrate(url).catch((thrown: unknown) => {
  if (!(thrown instanceof TenantryError)) throw thrown;
  console.error(`${thrown.message}\n${thrown.hint ?? ""}\nOr run make db-init, then make demo again.`);
  return 2;
});

async function demonstrate(serviceUrl: string): Promise<number> {
  // Nobody watches a demonstration: what an operator should look at is not said.
  const db = await connect({ url: serviceUrl, onWarning: () => {} });
  try {
    for (const { id } of [ANN, BOB]) await removeRows(id);
    await prepare(ANN);
    const bobsId = await prepare(BOB);

    console.log("Two creators in one database, each with a document of its own.\n");
    const seen = [
      check("Ann sees", await titlesSeenBy(ANN.id), [ANN.title]),
      check("Bob sees", await titlesSeenBy(BOB.id), [BOB.title]),
      check("Without a creator", await titlesSeenByNobody(serviceUrl), []),
    ];

    console.log("\nAnn reaches for what is Bob's:\n");
    const ann = db.as(ANN.id);
    const isBobs = eq(documents.id, bobsId);
    const widget = { name: "Demo" };
    await ann.insert(widgetConfigurations).values(widget);
    const [{ id: widgetId } = { id: "" }] = await ann.select().from(widgetConfigurations);
    const draft = { title: "x", checksum: sha256("x") };
    const failed = [
      await attempt("read his document by its id", () => ann.select().from(documents).where(isBobs)),
      await attempt("change its title", () =>
        ann.update(documents).set({ title: "Ann was here" }).where(isBobs).returning(),
      ),
      await attempt("delete it", () => ann.delete(documents).where(isBobs).returning()),
      await attempt("write a document in his name", () =>
        ann
          .insert(documents)
          .values({ ...draft, creatorId: BOB.id })
          .returning(),
      ),
      await attempt("have a conversation refer to it", () =>
        ann.insert(conversations).values({ widgetId, documentId: bobsId, visitorId: "v" }).returning(),
      ),
    ];

    console.log();
    const intact = check("Bob still sees", await titlesSeenBy(BOB.id), [BOB.title]);
    const isIsolated = [...seen, ...failed, intact].every(Boolean);
    console.log(isIsolated ? "\nIsolated: all five attempts failed." : "\nNOT ISOLATED: see above.");
    return isIsolated ? 0 : 1;
  } finally {
    for (const { id } of [ANN, BOB]) await removeRows(id).catch(() => {});
    await db.close();
  }

  /** Signs the creator up, the first time, and writes the one document. */
  async function prepare({ id, name, title }: typeof ANN): Promise<string> {
    const creator = {
      email: `${name.toLowerCase()}@demo.example`,
      displayName: name,
      passwordHash: "$none$no password has this hash",
    };
    await db.as(id).insert(creators).values(creator).onConflictDoNothing();
    const [made] = await db
      .as(id)
      .insert(documents)
      .values({ title, checksum: sha256(title) })
      .returning({ id: documents.id });
    return made?.id ?? "";
  }

  async function titlesSeenBy(id: string): Promise<string[]> {
    const rows = await db.as(id).select({ title: documents.title }).from(documents).orderBy(documents.title);
    return rows.map(({ title }) => title);
  }

  /** A service may delete all of a creator's rows but the creator. */
  async function removeRows(id: string): Promise<void> {
    await db.as(id).transaction(async (tx) => {
      for (const table of [conversations, widgetConfigurations, documents]) await tx.delete(table);
    });
  }
}

/** The client refuses to work without a tenant, so this goes past it, with the same login. */
async function titlesSeenByNobody(serviceUrl: string): Promise<string[]> {
  const raw = postgres(serviceUrl, { max: 1, onnotice: () => {} });
  try {
    return (await raw<{ title: string }[]>`select title from documents`).map(({ title }) => title);
  } finally {
    await raw.end();
  }
}

function check(who: string, titles: readonly string[], expected: readonly string[]): boolean {
  const isRight = titles.join("\n") === expected.join("\n");
  const seen = titles.length === 0 ? "no documents" : titles.map((title) => `"${title}"`).join(", ");
  console.log(`  ${who.padEnd(33)} ${cut(seen)}${isRight ? "" : "   <- WRONG"}`);
  return isRight;
}

/** True if it fails: no row came back, or PostgreSQL refused. */
async function attempt(what: string, run: () => Promise<readonly unknown[]>): Promise<boolean> {
  const outcome = await run().then(
    (rows) => ({ failed: rows.length === 0, text: `${rows.length || "no"} rows` }),
    (thrown: unknown) => ({ failed: isRefusal(thrown), text: `refused: ${reasonOf(thrown)}` }),
  );
  console.log(`  ${what.padEnd(33)} ${cut(outcome.text)}${outcome.failed ? "" : "   <- SUCCEEDED"}`);
  return outcome.failed;
}

function isRefusal(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof TenantryError && REFUSALS[cause.code] !== undefined;
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  return cause instanceof TenantryError ? (REFUSALS[cause.code] ?? cause.message) : String(cause);
}

/** So that a line fits into 80 columns. */
function cut(text: string): string {
  return text.length <= 44 ? text : `${text.slice(0, 43)}…`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
