import { createHash } from "node:crypto";
import { is } from "drizzle-orm";
import { ForeignKey, getTableConfig, PgTable } from "drizzle-orm/pg-core";

/**
 * Stands for loaded Drizzle objects: everything that can be reached from them, methods by their source, and what tables
 * and foreign keys only say when they are asked.
 */
export function digestObjects(root: unknown): string {
  const hash = createHash("sha256");
  const numbers = new Map<object, number>();
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" && typeof value !== "function") {
      hash.update(`${typeof value} ${JSON.stringify(String(value))}\n`);
      continue;
    }
    if (value === null) {
      hash.update("null\n");
      continue;
    }
    const number = numbers.get(value);
    if (number !== undefined) {
      hash.update(`# ${number}\n`);
      continue;
    }
    numbers.set(value, numbers.size);
    const parts = partsOf(value);
    hash.update(`${labelOf(value)} ${parts.length}\n`);
    for (const [key, part] of parts.reverse()) waiting.push(part, key);
  }
  return hash.digest("hex");
}

function labelOf(value: object): string {
  if (typeof value === "function") return `function ${JSON.stringify(String(value))}`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof RegExp) return `pattern ${JSON.stringify(String(value))}`;
  return `object ${Object.getPrototypeOf(value)?.constructor?.name ?? ""}`;
}

function partsOf(value: object): [key: string, part: unknown][] {
  if (value instanceof Map || value instanceof Set) return [...value].map((part) => ["", part]);
  const own = Reflect.ownKeys(value).flatMap((key): [string, unknown][] => {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    return property !== undefined && "value" in property ? [[String(key), property.value]] : [];
  });
  if (is(value, PgTable)) own.push(["config", getTableConfig(value)]);
  if (is(value, ForeignKey)) own.push(["reference", value.reference()]);
  return own;
}
