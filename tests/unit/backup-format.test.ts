import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Encrypter } from "age-encryption";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBackupWriter } from "../../src/data/backup-file/backup-writer.js";
import { withByteSink } from "../../src/data/backup-file/byte-sink.js";
import type { Manifest } from "../../src/data/backup-file/manifest.js";
import { manifestSchema } from "../../src/data/backup-file/manifest.js";
import { readManifest, readRows } from "../../src/data/backup-file/read-frames.js";
import { createRowChecksum } from "../../src/data/rows/row-checksum.js";

const table = { schema: "public", partitioned: false, columns: [{ name: "t", type: "text" }], rows: 1 };
const manifest: Omit<Manifest, "frames"> = {
  createdAt: "2026-01-01T00:00:00.000Z",
  version: "0.1.0",
  server: "18.4",
  database: { name: "app", encoding: "UTF8", provider: "c", collate: "C", ctype: "C", locale: null },
  environment: null,
  position: {
    ledger: { schema: "drizzle", name: "__drizzle_migrations", shape: "named" },
    migrations: [{ name: "20260101000000_one", hash: "a" }],
    fingerprint: "1:a",
  },
  tables: [
    { ...table, name: "one", checksum: "0".repeat(64) },
    { ...table, name: "two", checksum: "1".repeat(64) },
  ],
  partitions: [],
  sequences: [{ schema: "public", name: "s", lastValue: "-5", isCalled: true }],
  materializedViews: [],
  leftOut: [],
};

let folder: string;
const files: { readonly plain: string; readonly secret: string } = { plain: "plain", secret: "secret" };
const passphrase = "correct horse battery staple";

/** A backup with several frames, one of them of rows that do not compress. */
async function write(path: string, key: string | undefined): Promise<void> {
  await withByteSink(path, key, async (sink) => {
    const writer = createBackupWriter(sink);
    for (let n = 0; n < 3; n += 1) await writer.write(0, Buffer.from(`row ${n}\n`));
    await writer.write(1, Buffer.from(`${randomBytes(900).toString("base64")}\n`));
    await writer.finish(manifest);
  });
}

async function readAll(path: string, key?: string): Promise<string[]> {
  const rows: string[] = ["", ""];
  for await (const frame of readRows({ path, passphrase: key })) rows[frame.table] += frame.rows.toString();
  return rows;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenantry-format-"));
  await write(join(folder, files.plain), undefined);
  // The same, but for a key that is made in a thousandth of the time.
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(8);
  await writeFile(
    join(folder, files.secret),
    await encrypter.encrypt(await readFile(join(folder, files.plain))),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the file of a backup", () => {
  it("gives back what was written, plain or under a passphrase", async () => {
    const plain = join(folder, files.plain);
    const secret = join(folder, "written-secret");
    await write(secret, passphrase);
    expect(await readManifest({ path: plain })).toEqual({ ...manifest, frames: 2 });
    expect((await readAll(plain))[0]).toBe("row 0\nrow 1\nrow 2\n");
    expect(await readManifest({ path: secret, passphrase })).toEqual({ ...manifest, frames: 2 });
    expect((await readAll(secret, passphrase))[0]).toBe("row 0\nrow 1\nrow 2\n");
    expect((await readFile(secret)).includes("app")).toBe(false);
  });

  it("is refused when it is cut at any byte", async () => {
    const whole = await readFile(join(folder, files.plain));
    const path = join(folder, "cut");
    const isRefused = async (length: number) => {
      await writeFile(path, whole.subarray(0, length));
      await expect(readManifest({ path }), `at ${length}`).rejects.toMatchObject({ code: "backup-invalid" });
    };
    for (let length = 0; length < 200; length += 1) {
      await isRefused(length);
      await isRefused(whole.length - 1 - length);
    }
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), isRefused), { numRuns: 300 });
  });

  it("is refused when any bit of it is another", async () => {
    const whole = await readFile(join(folder, files.plain));
    const path = join(folder, "flipped");
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        await writeFile(path, copy);
        await expect(readManifest({ path }), `at ${at}`).rejects.toMatchObject({ code: "backup-invalid" });
      }),
      { numRuns: 400 },
    );
  });

  it("is refused under a passphrase, too, when it is cut or changed", async () => {
    const whole = await readFile(join(folder, files.secret));
    const path = join(folder, "secret-changed");
    const isRefused = async (bytes: Uint8Array, at: number) => {
      await writeFile(path, bytes);
      await expect(readManifest({ path, passphrase }), `at ${at}`).rejects.toMatchObject({
        code: "backup-invalid",
      });
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        await isRefused(copy, at);
        await isRefused(whole.subarray(0, at), at);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused with another passphrase, or without one, in words", async () => {
    const path = join(folder, files.secret);
    await expect(readManifest({ path, passphrase: "guess" })).rejects.toMatchObject({
      code: "backup-invalid",
      message: `${files.secret} does not open with this passphrase.`,
      hint: expect.stringContaining("--passphrase-file"),
    });
    await expect(readManifest({ path })).rejects.toMatchObject({ code: "argument-invalid" });
  });

  it("that is not there is not called broken", async () => {
    const path = join(folder, "nowhere.tenantry");
    await expect(readManifest({ path })).rejects.toMatchObject({
      code: "backup-invalid",
      message: `There is no file ${path}.`,
    });
  });

  it.each([
    ["an empty file", ""],
    ["a dump of pg_dump", "PGDMP\x01\x0e\x00"],
    ["SQL", "-- PostgreSQL database dump\ncreate table a (id int);\n"],
    ["a file of a newer version", "tenantry-backup 2\nwhatever"],
    ["its own first line alone", "tenantry-backup 1\n"],
    ["random bytes", randomBytes(5000)],
  ])("that is %s is refused", async (_, content) => {
    const path = join(folder, "foreign");
    await writeFile(path, content);
    await expect(readManifest({ path })).rejects.toMatchObject({ code: "backup-invalid" });
  });

  it("is refused with something behind its end, or with a frame twice", async () => {
    const whole = await readFile(join(folder, files.plain));
    const path = join(folder, "longer");
    await writeFile(path, Buffer.concat([whole, Buffer.from("x")]));
    await expect(readManifest({ path })).rejects.toMatchObject({ code: "backup-invalid" });
    const first = 18 + 13 + whole.readUInt32BE(18 + 9) + 32;
    await writeFile(path, Buffer.concat([whole.subarray(0, first), whole.subarray(18)]));
    await expect(readManifest({ path })).rejects.toMatchObject({ code: "backup-invalid" });
  });

  it.each([
    "FOR VALUES FROM ('a') TO ('b'); drop table users",
    "FOR VALUES IN (pg_read_file('/etc/passwd'))",
    "DEFAULT; select 1",
    "FOR VALUES IN ('\\') ; select ')')",
  ])("is refused with a partition's bound that is more than literals: %s", (bound) => {
    const relation = { schema: "public", name: "p" };
    const partition = { ...relation, parent: relation, bound, key: null, rowSecurity: false, forced: false };
    expect(manifestSchema.safeParse({ ...manifest, frames: 0, partitions: [partition] }).success).toBe(false);
    for (const fine of [
      "DEFAULT",
      "FOR VALUES FROM ('2025-01-01 00:00:00+00') TO (MAXVALUE)",
      "FOR VALUES IN ('it''s', NULL)",
      "FOR VALUES WITH (modulus 4, remainder 0)",
    ]) {
      const partitions = [{ ...partition, bound: fine }];
      expect(manifestSchema.safeParse({ ...manifest, frames: 0, partitions }).success, fine).toBe(true);
    }
  });
});

describe("the checksum of rows", () => {
  const sumOf = (pieces: readonly Buffer[]) => {
    const sum = createRowChecksum();
    for (const piece of pieces) sum.update(piece);
    return sum.digest();
  };
  const line = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", ""));

  it("is the same in any order and however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(50)), fc.nat(), (lines, cuts, turn) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
        const pieces: Buffer[] = [];
        let from = 0;
        for (const length of cuts) {
          pieces.push(bytes.subarray(from, from + length));
          from += length;
        }
        pieces.push(bytes.subarray(from));
        const at = lines.length === 0 ? 0 : turn % lines.length;
        const turned = [...lines.slice(at), ...lines.slice(0, at)].reverse();
        const other = sumOf([Buffer.from(turned.map((text) => `${text}\n`).join(""))]);
        expect(sumOf(pieces)).toEqual(other);
        expect(other.rows).toBe(lines.length);
      }),
    );
  });

  it("is another when a row is changed, missing, or there twice", () => {
    const rows = ["1\ta\n", "2\tb\n", "2\tb\n"];
    const of = (texts: readonly string[]) => sumOf(texts.map((text) => Buffer.from(text))).checksum;
    const all = [
      rows,
      rows.slice(1),
      rows.slice(0, 2),
      ["1\ta\n", "2\tb\n", "2\tc\n"],
      ["1\tb\n", "2\ta\n", "2\tb\n"],
      [],
    ];
    expect(new Set(all.map(of)).size).toBe(all.length);
  });
});
