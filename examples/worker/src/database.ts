import { connect } from "tenantry/client";
import { relations } from "tenantry/schema/generated/relations";
import type { Settings } from "./settings.js";

/** Connects as a service, with as many connections as there are lanes and no more. */
export function openDatabase({ SERVICE_DATABASE_URL, ADMIN_DATABASE_URL, LANES }: Settings) {
  return connect({
    url: SERVICE_DATABASE_URL,
    adminUrl: ADMIN_DATABASE_URL,
    relations,
    max: LANES,
    statementTimeout: 30_000,
    applicationName: "example worker",
  });
}

/** See {@link openDatabase}. */
export type Database = Awaited<ReturnType<typeof openDatabase>>;
