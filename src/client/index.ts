export type { ErrorCode } from "../core/errors.js";
export { TenantryError } from "../core/errors.js";
export type { ClientOptions, TenantClient, TenantId } from "./connect.js";
export { connect } from "./connect.js";
