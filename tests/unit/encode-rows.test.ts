import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeRows, encodeRows } from "../../src/redis/cache/encode-rows.js";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const key = fc.oneof(fc.string(), fc.constantFrom("$", "__proto__", "toJSON"));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value")),
    fc.array(fc.tuple(key, tie("value"))).map((entries) => Object.fromEntries(entries)),
  ),
}));

it("gives back what it was given, types included", () => {
  fc.assert(
    fc.property(fc.array(value), (rows) => {
      const text = encodeRows(rows);
      expect(text).toBeTypeOf("string");
      expect(decodeRows(text ?? "")).toStrictEqual(rows);
    }),
  );
});

it("refuses what it does not know, and any text that it has not written", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  for (const odd of [new Map(), new (class A {})(), () => {}, Symbol("x"), circle])
    expect(encodeRows([odd])).toBeUndefined();
  for (const text of ["", "{}", "[", '[{"$":["unknown",""]}]']) expect(decodeRows(text)).toBeUndefined();
});
