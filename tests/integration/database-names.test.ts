import { expect, it, onTestFinished } from "vitest";
import { openSqlSession } from "../../src/cli/shell/sql-session.js";
import { openConnection } from "../../src/client/pool/open-connection.js";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { serverUrl } from "../support/databases.js";

it.each(["names Übung", "names \"quoted\" 'twice'", "names/50%?a=b#c", `names ${"é".repeat(28)}`])(
  "a database may be called %s",
  async (name) => {
    const server = new URL(serverUrl);
    const url = onDatabase(server, name);
    await withDatabase(server, {}, (admin) => admin.unsafe(`create database ${quoteIdentifier(name)}`));
    onTestFinished(() =>
      withDatabase(server, {}, async (admin) => {
        await admin.unsafe(`drop database ${quoteIdentifier(name)} with (force)`);
      }),
    );
    const query = "select current_database() as name";
    expect(await withDatabase(url, {}, (database) => database.unsafe(query))).toEqual([{ name }]);
    const connection = openConnection(url, {
      ...{ applicationName: "test", prepares: true, sameTypesAs: undefined, onLost: () => {} },
    });
    expect(await connection.unsafe(query)).toEqual([{ name }]);
    await connection.end();
    const session = openSqlSession({ url, settings: {} }, () => {});
    expect(JSON.stringify(await session.run(query))).toContain(JSON.stringify(name));
    await session.end();
  },
);
