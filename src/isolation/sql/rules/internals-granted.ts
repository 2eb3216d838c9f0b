import { findServices } from "../roles/find-services.js";
import { readSystemGrants } from "../roles/read-system-grants.js";
import type { SqlRule } from "../sql-rule.js";
import { trackActs } from "../track-acts.js";

/** Catalogs with values of all tenants' rows, functions that read past policies, and other servers. */
export const internalsGranted: SqlRule = {
  id: "internals-granted",
  threats: [52, 56, 67, 68, 69],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return trackActs(context, ({ node }, state) => readSystemGrants(node, state, services));
  },
};
