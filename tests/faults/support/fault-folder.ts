import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes migrations of every kind that a runner treats differently: in one transaction, with several statements and
 * chunks, outside of any (CONCURRENTLY), with a BEGIN and COMMIT of their own, and with a new label of an enum. Each
 * statement that changes data writes one row into `journal`: a step that is repeated or skipped shows there.
 */
export async function writeFaultFolder(directory: string, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const folder = join(directory, `${20260101000000 + number}_step_${number}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "migration.sql"), migrationSql(number));
  }
}

const BREAK = "\n--> statement-breakpoint\n";

function migrationSql(number: number): string {
  if (number === 1) {
    return [
      "create type mood as enum ('calm')",
      "create table journal (id int generated always as identity, step text not null, mood mood)",
    ].join(BREAK);
  }
  const table = `table_${number}`;
  const note = (step: string) => `insert into journal (step) values ('${number} ${step}')`;
  const make = `create table ${table} (id int primary key, value int)`;
  const fill = `insert into ${table} select n, n % 10 from generate_series(1, 500) as n`;
  switch (number % 5) {
    case 2:
      return [make, fill, note("whole")].join(BREAK);
    case 3:
      return [
        `${make};\n${fill};\n${note("first")}`,
        `create index concurrently ${table}_value on ${table} (value)`,
        note("between"),
        `create unique index concurrently ${table}_id on ${table} (id)`,
        `drop index concurrently ${table}_id`,
        note("last"),
      ].join(BREAK);
    case 4:
      return `${make};\nbegin;\n${note("first")};\n${fill};\ncommit;\n${note("second")};\nbegin;\n${note("third")};\ncommit;\n`;
    case 0:
      return [
        make,
        `alter type mood add value 'mood_${number}'`,
        `insert into journal (step, mood) values ('${number} mood', 'mood_${number}')`,
      ].join(BREAK);
    default:
      return `${make};\n${fill};\nupdate ${table} set value = value + 1;\n${note("chunk")};`;
  }
}
