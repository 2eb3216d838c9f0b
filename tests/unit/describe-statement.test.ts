import { beforeAll, describe, expect, it } from "vitest";
import { loadSqlParser, parseMigration } from "../../src/isolation/sql/parse-migration.js";
import { describeStatement } from "../../src/migrate/statements/describe-statement.js";

const CASES: readonly (readonly [sql: string, what: string])[] = [
  [
    "alter table a.t add column x varchar(20) not null default 'q'",
    "ALTER TABLE a.t ADD COLUMN x varchar(20) NOT NULL DEFAULT …",
  ],
  [
    "alter table t alter x type numeric(10,2), alter y drop default",
    "ALTER TABLE t ALTER COLUMN x TYPE numeric(10,2), ALTER COLUMN y DROP DEFAULT",
  ],
  ["alter table t alter x type timestamptz[]", "ALTER TABLE t ALTER COLUMN x TYPE timestamptz[]"],
  [
    "alter table t add constraint c foreign key (x) references u not valid",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY REFERENCES u NOT VALID",
  ],
  ["alter table t add primary key using index i", "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"],
  ["alter table t alter x set not null", "ALTER TABLE t ALTER COLUMN x SET NOT NULL"],
  ["alter table t detach partition p concurrently", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY"],
  ["alter table t replica identity full", "ALTER TABLE t REPLICA IDENTITY …"],
  ["alter index i set (fillfactor = 50)", "ALTER INDEX i SET (…)"],
  ["alter table t rename column a to b", "ALTER TABLE t RENAME COLUMN a TO b"],
  ["alter table t rename to u", "ALTER TABLE t RENAME TO u"],
  ["alter table t rename constraint a to b", "ALTER TABLE t RENAME CONSTRAINT a TO b"],
  ["alter policy p on t rename to q", "ALTER POLICY p ON t RENAME TO q"],
  [
    "create unique index concurrently if not exists i on s.t (x)",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t",
  ],
  ["create table p partition of t default", "CREATE TABLE p PARTITION OF t"],
  ["drop policy p on s.t", "DROP POLICY p ON s.t"],
  ["drop function f(int)", "DROP FUNCTION f"],
  ["drop index concurrently i, j", "DROP INDEX CONCURRENTLY i, j"],
  ["drop materialized view m cascade", "DROP MATERIALIZED VIEW m CASCADE"],
  ["create policy p on t using (true)", "CREATE POLICY p ON t"],
  ["comment on column t.x is 'y'", "COMMENT ON COLUMN t.x"],
  ["refresh materialized view concurrently m", "REFRESH MATERIALIZED VIEW CONCURRENTLY m"],
  ['update "Odd name" set x = 1', "UPDATE Odd name"],
  ["do $$ begin null; end $$", "DO (a block of code)"],
  ["vacuum full t", "VACUUM FULL t"],
  ["set local lock_timeout = '5s'", "SET LOCAL lock_timeout …"],
  ["alter type mood add value 'x'", "ALTER TYPE mood ADD VALUE …"],
  ["commit", "COMMIT"],
];

describe("what a statement is called", () => {
  beforeAll(loadSqlParser);

  it.each(CASES)("%s", (sql, what) => {
    const [statement] = parseMigration({ name: "m", file: "m.sql", sql });
    expect(statement && describeStatement(statement)).toBe(what);
  });
});
