import type { PowerfulFunction } from "../../catalog/surroundings.js";
import { doorProblems, findDoor } from "../doors/door-problems.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";
import { restored } from "../rule.js";

/** A SECURITY DEFINER function runs with its owner's rights: what it calls, and who may call it, must be nailed down. */
export const functionSecurityDefiner: CatalogRule = {
  id: "function-security-definer",
  threats: [48, 49, 84],
  check: (context) =>
    context.catalog.around.functions
      .filter((made) => made.securityDefiner)
      .flatMap((made) => judgeDoor(made, context) ?? (isCallable(made, context) ? judge(made, context) : [])),
};

/** A declared door is what the schema demands, to the letter; undefined for what the schema does not declare. */
function judgeDoor(made: PowerfulFunction, { catalog, expected }: AuditContext): RuleFinding[] | undefined {
  const door = findDoor(expected, made);
  const found = catalog.functions.find(
    (one) => one.schema === made.schema && one.name === made.name && one.arguments === made.arguments,
  );
  if (door === undefined || found === undefined) return undefined;
  const problems = doorProblems(door, found, expected);
  if (problems.length === 0) return [];
  const detail = `the door is not as the schema declares it: ${problems.join(", and ")}`;
  return [{ level: "error", subject: `${made.schema}.${made.name}`, detail, fix: restored() }];
}

/** Nobody calls a trigger's function but through its trigger, and then whatever it has been granted. */
function isCallable(made: PowerfulFunction, { reach, catalog, expected }: AuditContext): boolean {
  if (!made.isTrigger) return reach.canUseSchema(made.schema) && reach.heldBy(made.grants).length > 0;
  // What hosts keep for themselves in schemas of their own fires for nobody's rows here.
  return (
    expected.tables.some(({ schema }) => schema === made.schema) ||
    catalog.relations.some(({ triggers }) => triggers.some((trigger) => calls(trigger.definition, made)))
  );
}

/** The server prints a trigger's function with its schema, each name in quotes where it must be. */
function calls(definition: string, { schema, name }: PowerfulFunction): boolean {
  const plain = definition.replaceAll('""', '"');
  return [quoted(schema), schema].some((first) =>
    [quoted(name), name].some((last) => plain.includes(` ${first}.${last}(`)),
  );
}

function quoted(name: string): string {
  return `"${name}"`;
}

function judge(made: PowerfulFunction, { reach, expected }: AuditContext): RuleFinding[] {
  const subject = `${made.schema}.${made.name}`;
  const problems = [
    ...(made.searchPath === null ? ["its search_path is the caller's"] : []),
    ...(made.searchPath !== null && !endsInTemporary(made.searchPath)
      ? ["its search_path does not end in pg_temp, so that a temporary table comes first"]
      : []),
    ...(!made.isTrigger && made.grants.some(({ role }) => role === "PUBLIC")
      ? ["PUBLIC may execute it"]
      : []),
  ];
  if (problems.length > 0) {
    return [
      {
        level: "error",
        subject,
        detail: `SECURITY DEFINER, and ${problems.join(", and ")}`,
        fix: "Write set search_path = pg_catalog, pg_temp, name everything with its schema, and revoke execute from public; or leave SECURITY DEFINER out.",
      },
    ];
  }
  if (reach.isBound(made.owner)) return [];
  // Nobody calls a trigger's function, and as the door role it sees no more than the doors do.
  if (made.owner === expected.settings.roles.door)
    return made.isTrigger ? [] : [undeclared(subject, made.owner)];
  return [
    {
      // Who may call it gets what its owner sees; a trigger gives nothing back by itself.
      level: made.isTrigger ? "warning" : "error",
      subject,
      detail: `services can have it run as ${made.owner}, whom no policy of the tenant binds`,
      fix: made.isTrigger
        ? `Give it to the door role, which may do no more than it needs: alter function ${subject} owner to ${expected.settings.roles.door}; or leave SECURITY DEFINER out.`
        : "Declare the look-up with door(…) in the schema and drop the function; or leave SECURITY DEFINER out.",
    },
  ];
}

function undeclared(subject: string, role: string): RuleFinding {
  return {
    level: "error",
    subject,
    detail: `services can have it run as ${role}, and the schema declares no such door`,
    fix: "Declare the look-up with door(…) in the schema and drop the function; or leave SECURITY DEFINER out.",
  };
}

function endsInTemporary(path: string): boolean {
  return /(^|,)\s*"?pg_temp"?\s*$/.test(path);
}
