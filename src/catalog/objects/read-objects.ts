import type { Fragment, Transaction } from "../grants-json.js";
import type { CatalogObject } from "./catalog-object.js";
import { readComments } from "./read-comments.js";
import { readPrivileges } from "./read-privileges.js";
import { readSequenceObjects } from "./read-sequence-objects.js";
import { readTableDetails } from "./read-table-details.js";
import { readTypes } from "./read-types.js";
import { readWideObjects } from "./read-wide-objects.js";

/** Reads all that a migration can make beyond relations, functions and enums: queries that are sent together. */
export async function readObjects(
  session: Transaction,
  schemas: readonly string[],
): Promise<CatalogObject[]> {
  const inScope: Fragment = session`n.nspname = any(${[...schemas]})`;
  const read = await Promise.all([
    readTypes(session, inScope),
    readSequenceObjects(session, inScope),
    readTableDetails(session, inScope),
    readPrivileges(session, inScope),
    readComments(session, inScope),
    readWideObjects(session, inScope),
  ]);
  return read.flat();
}
