const SCHEMES: ReadonlySet<string> = new Set(["postgres:", "postgresql:", "redis:", "rediss:"]);

/**
 * The variables that a shell's child may inherit: all but those that hold a connection string with a password. The
 * child does not need them, and whatever it starts (`\!` in psql, a pager) would inherit them in turn.
 *
 * @example withoutSecrets({ DATABASE_URL: "postgres://me:secret@localhost/app", LANG: "C" }) // { LANG: "C" }
 */
export function withoutSecrets(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => !holdsPassword(value ?? "")));
}

function holdsPassword(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return SCHEMES.has(url.protocol) && (url.password !== "" || url.searchParams.has("password"));
}
