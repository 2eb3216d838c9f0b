import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { backupInvalid } from "./backup-invalid.js";
import { loadAge } from "./load-age.js";

const AGE_LINE = "age-encryption.org/v1\n";

const CHUNK_BYTES = 1024 * 1024;

/**
 * The bytes of a backup, decrypted if they have to be, in pieces of any length.
 *
 * @throws TenantryError `backup-invalid` if the file is missing, cannot be read, was not encrypted with this passphrase, or
 * has been changed since; `argument-invalid` if it is encrypted and there is no passphrase.
 */
export async function* readBytes(path: string, passphrase: string | undefined): AsyncGenerator<Uint8Array> {
  const file = await openFile(path);
  try {
    const first = Buffer.alloc(AGE_LINE.length);
    const { bytesRead } = await file.read(first, 0, first.length, 0);
    if (first.subarray(0, bytesRead).toString("latin1") !== AGE_LINE) {
      yield* readChunks(file, path);
      return;
    }
    if (passphrase === undefined) {
      throw new TenantryError({
        code: "argument-invalid",
        message: `${basename(path)} is encrypted, and there is no passphrase.`,
        hint: "Put it into a file and name that with --passphrase-file, or into TENANTRY_BACKUP_PASSPHRASE.",
      });
    }
    yield* decrypt(file, path, passphrase);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT")
      throw backupInvalid(path, `it cannot be read: ${messageOf(thrown)}`, thrown);
    throw new TenantryError({
      code: "backup-invalid",
      message: `There is no file ${path}.`,
      hint: 'Nothing was touched. The backups of "tenantry backup" are in .tenantry/backups, unless --folder said otherwise.',
      cause: thrown,
    });
  }
}

async function* readChunks(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position).catch((thrown: unknown) => {
      throw backupInvalid(path, `it cannot be read: ${messageOf(thrown)}`, thrown);
    });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* decrypt(file: FileHandle, path: string, passphrase: string): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const chunks = readChunks(file, path);
  const encrypted = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const refuse = (thrown: unknown) => {
    if (thrown instanceof TenantryError) return thrown;
    const reason = messageOf(thrown);
    if (!reason.includes("no identity matched"))
      return backupInvalid(path, `it does not decrypt: ${reason}; it was cut or changed`, thrown);
    return new TenantryError({
      code: "backup-invalid",
      message: `${basename(path)} does not open with this passphrase.`,
      hint: "Nothing was touched. Give that with which it was encrypted, in --passphrase-file or TENANTRY_BACKUP_PASSPHRASE; if it is that one, the file was changed: take another copy.",
      cause: thrown,
    });
  };
  try {
    const reader = (await decrypter.decrypt(encrypted)).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (thrown) {
    throw refuse(thrown);
  }
}
