import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import type { Judge } from "../../isolation/create-judge.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { engineError } from "../run/engine-error.js";
import { interrupted } from "../run/interrupted.js";
import type { VerifyDataOptions } from "./verify-data.js";
import { verifyData } from "./verify-data.js";
import { withCancel } from "./with-cancel.js";

/** What to verify. */
export type VerifyOptions = VerifyDataOptions & {
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly logger?: Logger;
  /** Judges the catalog by the rules of isolation, as `createJudge` gives it; without it only the data is judged. */
  readonly judge?: Judge | undefined;
};

/** What {@link verify} came to. `verified` says that all was looked at, and not that nothing was found. */
export type VerifyResult =
  | { readonly outcome: "verified"; readonly findings: readonly Finding[] }
  | { readonly outcome: "refused" | "interrupted"; readonly error: TenantryError };

/**
 * Judges a live database and changes nothing: its rows by {@link verifyData}, and its catalog by the judge, if there is one.
 * Expected failures are results and not exceptions.
 *
 * @example
 * const result = await verify({ url, folder: await readFolder("drizzle"), ledger: DEFAULT_LEDGER, adminRole: "app_admin" });
 * if (result.outcome === "verified") for (const { rule, detail } of result.findings) console.warn(rule, detail);
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { url, connect, logger = silentLogger, judge, signal } = options;
  try {
    const findings = await withDatabase(
      url,
      { ...connect, applicationName: "tenantry verify", max: 1 },
      (database) =>
        withCancel(database, { url, connect, signal }, async () => {
          logger.info("judging the database", { event: "verify-started" });
          const judged = judge === undefined ? [] : (await judge(database)).findings;
          return [...judged, ...(await verifyData(database, options))];
        }),
    );
    logger.info(`found ${findings.length}`, { event: "verify-finished", findings: findings.length });
    return { outcome: "verified", findings };
  } catch (thrown) {
    const error = signal?.aborted === true ? interrupted(thrown) : engineError(thrown);
    if (!(error instanceof TenantryError)) throw error;
    return { outcome: error.code === "interrupted" ? "interrupted" : "refused", error };
  }
}
