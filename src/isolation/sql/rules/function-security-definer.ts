import { findFunctions } from "../find-functions.js";
import { findServices } from "../roles/find-services.js";
import type { FunctionState } from "../schema-state.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A SECURITY DEFINER function runs with its owner's rights: what it calls, and who may call it, must be nailed down. */
export const functionSecurityDefiner: SqlRule = {
  id: "function-security-definer",
  threats: [48, 49],
  check: (context) => {
    const { roles } = context.expected.settings;
    const services = findServices(context.units, roles.tenant);
    const isBound = (owner: string | undefined) =>
      owner !== undefined && (owner === roles.door || services.has(owner));
    return findFunctions(context, ({ definer }) => definer).flatMap((made) => {
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
      if (isBound(made.owner) || !isCallable) return [];
      return [
        {
          // Who may call it gets what its owner sees; a trigger gives nothing back by itself.
          level: made.isTrigger ? ("warning" as const) : ("error" as const),
          ...about,
          detail: `services can have it run as ${made.owner ?? "whoever runs the migrations"}, whom no policy of the tenant binds`,
          fix: `Give it to the door role, which may do no more than it needs: alter function … owner to ${roles.door}; or leave SECURITY DEFINER out.`,
        },
      ];
    });
  },
};

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
