import { createHash } from "node:crypto";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { documents } from "tenantry/schema";
import { z } from "zod";
import { readBody } from "../read-body.js";
import { requireCreator } from "../require-creator.js";
import type { Services } from "../services.js";

const text = { title: z.string().min(1).max(500), content: z.string().max(1_000_000) };
const draft = z.object(text);
const edit = z.object({ ...text, version: z.number().int().min(1) });

const shown = {
  id: documents.id,
  title: documents.title,
  content: documents.content,
  version: documents.version,
};
const checksumOf = (content: string) => createHash("sha256").update(content).digest("hex");

/** A creator's documents. No query names the creator: `db.current` shows no other's rows, and writes none. */
export function documentRoutes(services: Services) {
  const { db } = services;
  const routes = new Hono();
  routes.use(requireCreator(services));

  routes.get("/", async (context) => {
    const rows = await db.current
      .select({ id: documents.id, title: documents.title })
      .from(documents)
      .where(isNull(documents.deletedAt))
      .orderBy(desc(documents.createdAt))
      .limit(100)
      .$withCache();
    return context.json(rows);
  });

  routes.post("/", async (context) => {
    const { title, content } = await readBody(context, draft);
    const row = { title, content, checksum: checksumOf(content) };
    const [made] = await db.current.insert(documents).values(row).returning(shown);
    return context.json(made, 201);
  });

  routes.get("/:id", async (context) => {
    const [found] = await db.current.select(shown).from(documents).where(isIt(context));
    return context.json(found ?? missing());
  });

  routes.put("/:id", async (context) => {
    const { title, content, version } = await readBody(context, edit);
    const [changed] = await db.current
      .update(documents)
      .set({ title, content, checksum: checksumOf(content), version: sql`${documents.version} + 1` })
      .where(and(isIt(context), eq(documents.version, version)))
      .returning(shown);
    if (changed !== undefined) return context.json(changed);
    const [now] = await db.current.select(shown).from(documents).where(isIt(context));
    return context.json(now ?? missing(), 409);
  });

  routes.delete("/:id", async (context) => {
    const [gone] = await db.current
      .update(documents)
      .set({ deletedAt: sql`now()` })
      .where(isIt(context))
      .returning({ id: documents.id });
    return gone === undefined ? missing() : context.body(null, 204);
  });
  return routes;
}

function isIt(context: Context) {
  const id = z.uuid().safeParse(context.req.param("id"));
  return id.success ? and(eq(documents.id, id.data), isNull(documents.deletedAt)) : missing();
}

/** The same answer for what does not exist and for what is somebody else's: the database knows no difference either. */
function missing(): never {
  throw new HTTPException(404, { message: "not found" });
}
