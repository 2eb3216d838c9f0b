import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { qualify, quoteLiteral } from "../../core/identifiers.js";
import { manifestMark } from "../../core/manifest-mark.js";
import type { Session } from "../../postgres/connect.js";

/**
 * Records which manifest the database has been migrated to, for `connect({ manifest })` of services; undefined takes the
 * record back. Wants the engine's tables.
 *
 * @example await writeManifestMark(session, manifest.digest);
 */
export async function writeManifestMark(session: Session, digest: string | undefined): Promise<void> {
  const text = digest === undefined ? "null" : quoteLiteral(manifestMark(digest));
  await session.unsafe(`comment on table ${qualify(ENGINE_SCHEMA, "meta")} is ${text}`);
}
