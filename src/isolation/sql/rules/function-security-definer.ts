import { DOOR_SCHEMA } from "../../../core/door-schema.js";
import type { ExpectedDoor } from "../../doors/expected-door.js";
import { findFunctions } from "../find-functions.js";
import { findServices } from "../roles/find-services.js";
import type { FunctionState } from "../schema-state.js";
import type { SqlContext, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A SECURITY DEFINER function runs with its owner's rights: what it calls, and who may call it, must be nailed down. */
export const functionSecurityDefiner: SqlRule = {
  id: "function-security-definer",
  threats: [48, 49, 84],
  check: (context) => {
    const { roles } = context.expected.settings;
    const services = findServices(context.units, roles.tenant);
    const isBound = (owner: string | undefined) =>
      owner !== undefined && (owner === roles.door || services.has(owner));
    return findFunctions(context, ({ definer }) => definer).flatMap((made) => {
      const door = context.expected.doors.find(
        ({ name }) => made.schema === DOOR_SCHEMA && made.name === name,
      );
      if (door !== undefined && isDoor(made, door, roles.door, context.isEngineSql)) return [];
      const about = { subject: `${made.schema}.${made.name}`, ...placeOf(made.at) };
      const problems = problemsOf(made);
      if (problems.length > 0) {
        return [
          {
            level: "error" as const,
            ...about,
            detail: `SECURITY DEFINER, and ${problems.join(", and ")}`,
            fix: "Write set search_path = pg_catalog, pg_temp, name everything with its schema, and revoke execute from public in the same migration; or leave SECURITY DEFINER out.",
          },
        ];
      }
      const isCallable = made.isTrigger || [...made.executors].some((role) => services.has(role));
      if (!isCallable) return [];
      // Nobody calls a trigger's function, and as the door role it sees no more than the doors do.
      if (made.owner === roles.door && !made.isTrigger)
        return [
          {
            level: "error" as const,
            ...about,
            detail:
              door === undefined
                ? `it runs as ${roles.door}, and the schema declares no such door`
                : "the door is not as the schema declares it",
            fix: "Declare the look-up with door(…) in the schema, and let tenantry create write it; drop this function.",
          },
        ];
      if (isBound(made.owner)) return [];
      return [
        {
          // Who may call it gets what its owner sees; a trigger gives nothing back by itself.
          level: made.isTrigger ? ("warning" as const) : ("error" as const),
          ...about,
          detail: `services can have it run as ${made.owner ?? "whoever runs the migrations"}, whom no policy of the tenant binds`,
          fix: made.isTrigger
            ? `Give it to the door role, which may do no more than it needs: alter function … owner to ${roles.door}; or leave SECURITY DEFINER out.`
            : "Declare the look-up with door(…) in the schema and drop the function; or leave SECURITY DEFINER out.",
        },
      ];
    });
  },
};

/** To the letter what the completion writes, and neither altered nor granted since. */
function isDoor(
  made: FunctionState,
  door: ExpectedDoor,
  role: string,
  isEngineSql: SqlContext["isEngineSql"],
): boolean {
  return (
    made.created !== undefined &&
    isEngineSql(made.created) &&
    made.owner === role &&
    !made.publicExecute &&
    [...made.executors].every((executor) => executor === door.to)
  );
}

function problemsOf(made: FunctionState): string[] {
  const path = made.searchPath;
  return [
    ...(path === undefined ? ["its search_path is the caller's"] : []),
    ...(path !== undefined && path.at(-1) !== "pg_temp"
      ? ["its search_path does not end in pg_temp, so that a temporary table comes first"]
      : []),
    ...(path !== undefined && path.indexOf("pg_temp") < path.length - 1 && path.at(-1) === "pg_temp"
      ? ["pg_temp stands before the end of its search_path, so that a temporary table comes first"]
      : []),
    ...(path !== undefined && path.indexOf("pg_catalog") > 0
      ? ["its search_path has other schemas before pg_catalog"]
      : []),
    // Nobody can call a trigger's function but through its trigger.
    ...(made.publicExecute && !made.isTrigger ? ["PUBLIC may execute it"] : []),
  ];
}
