import type { Policy } from "../catalog/catalog.js";
import type { TenancySettings } from "../core/tenancy-settings.js";

/** True if a policy counts for a login that is in the service role and in nothing else. */
export function appliesToService(policy: Policy, settings: TenancySettings): boolean {
  return policy.roles.includes("PUBLIC") || policy.roles.includes(settings.roles.tenant);
}
