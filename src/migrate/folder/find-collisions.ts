import type { Finding } from "../../core/finding.js";
import type { Migration } from "./migration.js";

/** Migrations that some machine, or some database, cannot tell apart. */
export function findCollisions(migrations: readonly Migration[]): Finding[] {
  const twins = (keyOf: (migration: Migration) => string | number) => {
    const seen = new Map<string | number, Migration>();
    return migrations.flatMap((migration) => {
      const first = seen.get(keyOf(migration));
      if (first === undefined) seen.set(keyOf(migration), migration);
      return first === undefined ? [] : [{ first, migration }];
    });
  };
  const finding = ({ name, file }: Migration, detail: string): Finding => ({
    rule: "migration-collides",
    level: "warning",
    subject: name,
    file,
    detail,
    fix: "Rename the one that no database has run.",
  });
  return [
    ...twins(({ name }) => name.normalize("NFC").toLowerCase()).map(({ first, migration }) =>
      finding(
        migration,
        `${migration.name} and ${first.name} are one file where upper and lower case, or the forms of an accent, are the same`,
      ),
    ),
    // The ledger of drizzle-orm 0.x has times to the second at most, once it is upgraded.
    ...twins(({ createdAt }) => Math.floor(createdAt / 1000))
      .filter(({ first, migration }) => first.name.toLowerCase() !== migration.name.toLowerCase())
      .map(({ first, migration }) =>
        finding(migration, `${migration.name} and ${first.name} have the same time`),
      ),
  ];
}
