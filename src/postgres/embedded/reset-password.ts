import { TenantryError } from "../../core/errors.js";
import { quoteLiteral } from "../../core/identifiers.js";
import type { Binaries } from "./binaries.js";
import { diskErrorFromOutput } from "./disk-error.js";
import { runAs } from "./run-as.js";
import type { Account } from "./unprivileged-account.js";

/**
 * Gives the superuser of a stopped cluster a new password, in PostgreSQL's single-user mode: whoever owns the files
 * needs no password there, and nobody can connect meanwhile. (A moment of `trust` in pg_hba.conf would let in
 * every user of this machine.)
 *
 * @throws TenantryError `server-failed` or `disk`, with the end of what PostgreSQL said.
 * @example await resetPassword({ binaries, dataDirectory, account, password: newPassword() })
 */
export async function resetPassword(parts: {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly account: Account | undefined;
  readonly password: string;
}): Promise<void> {
  // However the cluster is configured, the statement must not end up in a log.
  const settings = ["log_statement=none", "log_min_duration_statement=-1", "log_min_error_statement=panic"];
  const args = [
    ...["--single", "-D", parts.dataDirectory],
    ...[...settings, "password_encryption=scram-sha-256"].flatMap((setting) => ["-c", setting]),
    "postgres",
  ];
  const statement = `alter role postgres with login superuser password ${quoteLiteral(parts.password)};\n`;
  const ended = await runAs(parts.account, parts.binaries.postgres, args, statement);
  // It goes on after an error, and then ends with status 0.
  const complaints = ended.output.filter((line) => /\b(ERROR|FATAL|PANIC):/.test(line));
  if (ended.status === 0 && complaints.length === 0) return;
  const details = (complaints.length > 0 ? complaints : ended.output).slice(-10);
  throw (
    diskErrorFromOutput(details, parts.dataDirectory) ??
    new TenantryError({
      code: "server-failed",
      message: `The lost password of the data in ${parts.dataDirectory} could not be replaced.`,
      hint: "Solve what PostgreSQL says, then run `tenantry start` again.",
      details,
    })
  );
}
