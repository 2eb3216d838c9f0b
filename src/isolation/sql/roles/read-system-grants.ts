import type { Node } from "libpg-query";
import { privilegesOf } from "../apply/grant.js";
import type { SchemaState } from "../schema-state.js";
import { partsOf, roleNames, stringsOf } from "../syntax-names.js";
import { isSystemRelation, isSystemSchema } from "../system-names.js";
import type { ActChange } from "../track-acts.js";

/** Functions of the server, and of what comes with it, that show or change what belongs to others. */
const TELLING =
  /^(pg_(read_(binary_)?file|ls_\w*dir|stat_file|file_\w+|terminate_backend|cancel_backend|stat_\w+|stat|freespace|relpages|logical_slot_\w+|create_\w+_replication_slot|get_wal_\w+|buffercache_\w+|visibility\w*)|pgstat\w*|pgrowlocks|lo_(import|export|get|put|open|from_bytea|unlink)|loread|lowrite|dblink\w*|get_raw_page|heap_page_\w+|bt_page_\w+|set_config)$/;

type GrantStatement = Extract<Node, { GrantStmt: unknown }>["GrantStmt"];

/** Grants to services, or to PUBLIC, of what belongs to the server: its tables, functions, settings, languages, servers. */
export function readSystemGrants(node: Node, state: SchemaState, services: ReadonlySet<string>): ActChange[] {
  if (!("GrantStmt" in node)) return [];
  const grant = node.GrantStmt;
  const given = grant.privileges === undefined ? "all privileges" : privilegesOf(grant.privileges).join(", ");
  return systemObjects(grant, state).flatMap((subject) =>
    roleNames(grant.grantees)
      .filter((role) => role === "PUBLIC" || services.has(role))
      .map((role): ActChange => {
        const key = JSON.stringify(["system", subject, role]);
        if (grant.is_grant !== true) return { key, act: undefined };
        const detail = `this grants ${given} on ${subject} to ${role}, and it knows no tenants`;
        return {
          key,
          act: { level: "error", subject, detail, fix: "Take it out; services need their tables alone." },
        };
      }),
  );
}

/** What it is that is granted, if it is the server's own. */
function systemObjects({ objtype, targtype, objects }: GrantStatement, state: SchemaState): string[] {
  const all = objects ?? [];
  if (targtype === "ACL_TARGET_ALL_IN_SCHEMA") {
    // Of all tables there is a finding whatever the schema.
    return objtype === "OBJECT_TABLE"
      ? []
      : stringsOf(all)
          .filter((schema) => isSystemSchema(schema))
          .map((schema) => `everything in ${schema}`);
  }
  switch (objtype) {
    case "OBJECT_TABLE":
      return all.flatMap((object) =>
        "RangeVar" in object && isSystemRelation(object.RangeVar, state)
          ? [object.RangeVar.relname ?? ""]
          : [],
      );
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      return all
        .flatMap((object) => ("ObjectWithArgs" in object ? [stringsOf(object.ObjectWithArgs.objname)] : []))
        .filter((names) => TELLING.test(names.at(-1) ?? ""))
        .map((names) => names.join("."));
    case "OBJECT_FOREIGN_SERVER":
    case "OBJECT_FDW":
      return all.flatMap(partsOf).map((name) => `the server ${name}`);
    case "OBJECT_LANGUAGE":
      return all
        .flatMap(partsOf)
        .filter((name) => /u$|^(c|internal)$/.test(name))
        .map((name) => `the language ${name}`);
    default:
      return [];
  }
}
