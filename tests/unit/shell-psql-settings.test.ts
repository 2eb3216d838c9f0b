import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { escapeOption } from "../../src/cli/shell/escape-option.js";
import { libpqConnection } from "../../src/cli/shell/libpq-variables.js";
import { formatPasswordFile, withPasswordFile } from "../../src/cli/shell/password-file.js";
import { withoutSecrets } from "../../src/cli/shell/without-secrets.js";
import { TenantryError } from "../../src/core/errors.js";

const connect = (url: string, inherited: NodeJS.ProcessEnv = {}, settings: Record<string, string> = {}) =>
  libpqConnection(new URL(url), inherited, settings);

describe("psql's variables", () => {
  it("say what the URL says, its parameters included, and never the password", () => {
    const { variables, password, ignored } = connect(
      "postgres://me%40x:p%3Aw@db.example:6432/my%20app?sslmode=verify-full&sslrootcert=/ca.pem&search_path=a%2Cb&max=3&password=other",
      { LANG: "C" },
    );
    expect(variables).toEqual({
      LANG: "C",
      PGHOST: "db.example",
      PGPORT: "6432",
      PGUSER: "me@x",
      PGDATABASE: "my app",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: "/ca.pem",
      PGOPTIONS: "-c search_path=a,b",
    });
    expect(password).toEqual({ hosts: ["db.example"], port: "6432", user: "me@x", password: "p:w" });
    expect(ignored).toEqual(["password"]);
  });

  it("replace inherited ones that would lead elsewhere", () => {
    const inherited = {
      PGHOST: "production",
      PGHOSTADDR: "10.0.0.1",
      PGSERVICE: "production",
      PGUSER: "root",
      PGPASSWORD: "theirs",
      PGSSLROOTCERT: "/ca.pem",
    };
    expect(connect("postgres://me:pw@[::1]/app", inherited).variables).toEqual({
      PGHOST: "::1",
      PGPORT: "5432",
      PGUSER: "me",
      PGDATABASE: "app",
      PGSSLROOTCERT: "/ca.pem",
    });
  });

  it("take from the inherited ones what the URL leaves open, as postgres.js does, the password by file", () => {
    const { variables, password } = connect("postgres:///app", {
      PGHOST: "db",
      PGUSER: "me",
      PGPASSWORD: "pw",
    });
    expect(variables).toEqual({ PGHOST: "db", PGPORT: "5432", PGUSER: "me", PGDATABASE: "app" });
    expect(password).toEqual({ hosts: ["db"], port: "5432", user: "me", password: "pw" });
  });

  it("set the tenant last, where nothing before can undo it", () => {
    const { variables } = connect(
      "postgres://me@db/app?options=-c%20app.id%3Dother",
      { PGOPTIONS: "-c app.id=third" },
      { "app.id": "a b" },
    );
    expect(variables.PGOPTIONS).toBe("-c app.id=third -c app.id=other -c app.id=a\\ b");
  });

  it("read ssl=true as libpq does", () => {
    expect(connect("postgres://me@db/app?ssl=true").variables.PGSSLMODE).toBe("require");
  });

  it("hold one word for every value, however it is spelt", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..." \t\n\r\\\\aé💧\u00a0\u2028'=-") }), (word) => {
        expect(splitOptions(`${escapeOption(word)} next`)).toEqual([...(word === "" ? [] : [word]), "next"]);
      }),
    );
  });

  it("leave out whatever holds a connection string with a password", () => {
    expect(
      withoutSecrets({
        DATABASE_URL: "postgres://me:secret@db/app",
        REDIS_URL: "rediss://:secret@cache",
        MIRROR: "postgresql://db/app?user=me&password=secret",
        PLAIN_URL: "postgres://me@db/app",
        PATH: "/usr/bin",
      }),
    ).toEqual({ PLAIN_URL: "postgres://me@db/app", PATH: "/usr/bin" });
  });
});

describe("the password file", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tenantry-shell-test-"));
    vi.stubEnv("TMPDIR", directory);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true, force: true });
  });
  const entry = { hosts: ["db"], port: "5432", user: "me", password: "pw" };

  it("is for its owner alone, in a folder for its owner alone, and gone afterwards, an error or not", async () => {
    let seen = "";
    const boom = new Error("boom");
    const use = withPasswordFile(entry, async (path) => {
      seen = path;
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
      expect(readFileSync(path, "utf8")).toBe("db:5432:*:me:pw\n");
      throw boom;
    });
    await expect(use).rejects.toBe(boom);
    expect(existsSync(dirname(seen))).toBe(false);
  });

  it("escapes what divides its fields, and has a line for each host", () => {
    const text = formatPasswordFile({ hosts: ["::1", "b"], port: "1", user: undefined, password: "a:\\b" });
    expect(text).toBe("\\:\\:1:1:*:*:a\\:\\\\b\nb:1:*:*:a\\:\\\\b\n");
  });

  it("refuses a password that it cannot hold, naming another way", () => {
    const refused = () => formatPasswordFile({ ...entry, password: "a\nb" });
    expect(refused).toThrow(TenantryError);
    expect(refused).toThrow(/line break/);
  });

  it("removes what a killed process has left, and nobody else's", async () => {
    // Process ids end at 2^22; no process has this one.
    const forgotten = join(directory, "tenantry-psql-99999999-abc");
    const used = join(directory, `tenantry-psql-${process.ppid}-abc`);
    mkdirSync(forgotten);
    mkdirSync(used);
    await withPasswordFile(entry, async () => {});
    expect(existsSync(forgotten)).toBe(false);
    expect(existsSync(used)).toBe(true);
  });
});

/** pg_split_opts() of PostgreSQL: src/backend/utils/init/postinit.c. */
function splitOptions(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (/[ \t\n\r\f\v]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (character === "\\") at += 1;
      word = (word ?? "") + text.charAt(at);
    }
  }
  return word === undefined ? words : [...words, word];
}
