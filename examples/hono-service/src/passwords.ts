import { randomBytes, type ScryptOptions, scrypt as scryptWithCallback, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const scrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptWithCallback);

/** As OWASP advises for scrypt: N = 2^15, r = 8, p = 3. */
const [LOG_N, R, P] = [15, 8, 3];
const OPTIONS = { N: 2 ** LOG_N, r: R, p: P, maxmem: 64 * 2 ** 20 };
const PHC = /^\$scrypt\$ln=15,r=8,p=3\$([\w+/]+)\$([\w+/]+)$/;

/** A PHC string: algorithm, parameters, salt and hash in one. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scrypt(password, salt, 32, OPTIONS);
  const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  return `$scrypt$ln=${LOG_N},r=${R},p=${P}$${text(salt)}$${text(hash)}`;
}

/** Takes as long for a creator who does not exist as for one who does. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, salt = "", hash = ""] = PHC.exec(stored ?? "") ?? [];
  const expected = Buffer.alloc(32);
  Buffer.from(hash, "base64").copy(expected);
  const given = await scrypt(password, Buffer.from(salt, "base64"), 32, OPTIONS);
  return timingSafeEqual(given, expected) && hash !== "";
}
