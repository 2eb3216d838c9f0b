import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readPassphrase } from "../../src/cli/backup/read-passphrase.js";

/** What is read of a file with these bytes. */
async function read(bytes: string | Buffer): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-passphrase-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "secret");
  await writeFile(file, bytes);
  return await readPassphrase({ variables: {} }, file);
}

it("takes the first line as the passphrase, whatever editor has written it", async () => {
  const texts = ["two words", "two words\n", "two words\r\nmore", "\uFEFFtwo words\r\n", "two words\r"];
  for (const text of texts) expect(await read(text), JSON.stringify(text)).toBe("two words");
  expect(await read(" grüße \n")).toBe(" grüße ");
});

it("refuses a file without a passphrase", async () => {
  for (const text of ["", "\n", "\r\nsecret", "\uFEFF", "  \t\n"])
    await expect(read(text), JSON.stringify(text)).rejects.toMatchObject({
      code: "argument-invalid",
      message: "The passphrase file secret is empty.",
    });
});

it("refuses a file that is not UTF-8, in which two passphrases would be the same", async () => {
  for (const bytes of [Buffer.from("\uFEFFsecret\n", "utf16le"), Buffer.from([0x73, 0xe9, 0x0a])])
    await expect(read(bytes)).rejects.toMatchObject({
      code: "argument-invalid",
      message: "The passphrase file secret is not text in UTF-8.",
    });
});
