import type { CatalogRule } from "../rule.js";

/** What needs no rows of tenants, or shows none to anybody. */
const UPKEEP = /^\s*(vacuum|analyze|reindex|checkpoint|cluster)\b[^;]*;?\s*$/i;

/** A scheduled job runs without a tenant, as whoever planned it: no policy binds a superuser. */
export const jobUnbound: CatalogRule = {
  id: "job-unbound",
  threats: [58],
  check: ({ catalog, reach }) =>
    catalog.around.jobs
      .filter(({ command }) => !UPKEEP.test(command))
      .flatMap(({ id, role }) => {
        const made = reach.roleNamed(role);
        if (made?.superuser !== true && made?.bypassesRowSecurity !== true) return [];
        return [
          {
            level: "warning",
            subject: `job ${id}`,
            detail: `pg_cron runs it as ${role}, whom no policy binds, without a tenant`,
            fix: `Let it run as a role that policies bind, such as the admin role's login: select cron.alter_job(${id}, username => '…');`,
          },
        ];
      }),
};
