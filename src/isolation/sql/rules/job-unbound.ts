import { findCalls } from "../find-calls.js";
import type { SqlRule } from "../sql-rule.js";

/** A job runs by itself, without a tenant, as whoever made it. */
export const jobUnbound: SqlRule = {
  id: "job-unbound",
  threats: [58],
  check: (context) =>
    findCalls(context, /^(cron\.(schedule|alter_job)\w*|pgagent\.\w+)$/, {
      level: "warning",
      detail: "the job runs without a tenant, as whoever runs the migrations if nobody else is named",
      fix: "Let it run as a login of the admin role, which policies bind.",
    }),
};
