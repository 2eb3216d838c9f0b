const ANYWHERE = "Correct the statement; PostgreSQL could not parse it either.";

/**
 * What to do about SQL that does not parse (pure): dumps and psql scripts are the ones that people bring along.
 *
 * @param chunk the piece between two breakpoints, and what the parser has said of it.
 */
export function hintForUnparsed(chunk: {
  readonly text: string;
  readonly isLast: boolean;
  readonly complaint: string;
}): string {
  const { text, isLast, complaint } = chunk;
  // The rows of COPY end with a backslash too, so it comes first.
  if (/^\s*copy\b[^;]*\bfrom\s+stdin\b/im.test(text))
    return "Only psql reads rows behind COPY … FROM STDIN. Write them as INSERT (pg_dump --inserts does).";
  if (/at or near "\\/.test(complaint))
    return "A command with a backslash is psql's own, and nothing else runs it. Write what it does as SQL.";
  if (/^unterminated/.test(complaint) && !isLast)
    return "A statement-breakpoint inside a string ends the statement there, as it does for drizzle-orm. Take it out of the string.";
  return ANYWHERE;
}
