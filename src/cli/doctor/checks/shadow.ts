import { parseDatabaseUrl } from "../../../core/database-url.js";
import type { Database } from "../../../postgres/connect.js";
import { withDatabase } from "../../../postgres/connect.js";
import type { Check } from "../check.js";
import { ok, problem, skipped, warning } from "../check.js";

const NAME = "SHADOW_DATABASE_URL";

/** Throw-away databases can be made on the shadow server, and it is not the one that they are thrown away from. */
export const shadowCheck: Check = {
  id: "shadow",
  group: "The database",
  run: async (examination) => {
    const { context } = examination;
    const given = context.variables[NAME] ?? "";
    if (given === "") {
      return skipped(
        context.environment === "development"
          ? `${NAME} is not set: the embedded server is used`
          : `${NAME} is not set: create and validate do not work here`,
      );
    }
    return await withDatabase(parseDatabaseUrl(given, NAME), { urlName: NAME }, async (shadow) => {
      const [may] = await shadow<{ role: string; databases: boolean; roles: boolean }[]>`
        select rolname as role, rolsuper or rolcreatedb as databases, rolsuper or rolcreaterole as roles
        from pg_catalog.pg_roles where rolname = current_user`;
      const lacks = [...(may?.databases ? [] : ["createdb"]), ...(may?.roles ? [] : ["createrole"])];
      if (lacks.length > 0) {
        return problem(
          `${may?.role} may not make databases and roles there`,
          `As an administrator: alter role "${may?.role}" ${lacks.join(" ")}`,
        );
      }
      const target = await examination.database().then(identify, () => undefined);
      if (
        context.environment !== "development" &&
        target !== undefined &&
        target === (await identify(shadow))
      )
        return warning("the shadow is on the server of DATABASE_URL", `Set ${NAME} to another server.`);
      return ok("answers, and databases may be made there");
    });
  },
};

/** The same for every database of a server. */
async function identify(session: Database): Promise<string | undefined> {
  const [row] = await session<{ id: string }[]>`
    select system_identifier::text as id from pg_catalog.pg_control_system()`;
  return row?.id;
}
