/** What isolates, or what can undo it: a text that is not known and has one of these has to be looked at. */
const WORDS =
  /row\s+level\s+security|\bpolicy\b|\bbypassrls\b|\bsuperuser\b|\bgrant\b|\brevoke\b|\brole\b|\bowner\s+to\b|\bowned\s+by\b|\bleakproof\b|security\s+definer|security_invoker|default\s+privileges|\bset_config\b|session_replication_role|session\s+authorization|(disable|drop)\s+trigger|row_security|\binherit\b|\bpublication\b|\bsearch_path\b|\bpg_(class|policy|policies|authid|auth_members|proc)\b/i;

/** What makes a text unreadable to whoever reviews it. */
const HIDING = /\b(decode|convert_from|reverse|translate|chr|overlay|rot13)\s*\(/i;

/** The first word of a text, without its comments, that has to do with isolation. */
export function findIsolationWord(text: string): string | undefined {
  return WORDS.exec(withoutComments(text))?.[0].replaceAll(/\s+/g, " ");
}

/** The function by which a text is hidden, if it is. */
export function findHiding(text: string): string | undefined {
  return HIDING.exec(withoutComments(text))?.[1];
}

/** Strings are kept: what counts may stand in one. */
function withoutComments(text: string): string {
  return text.replaceAll(/--[^\n]*$/gm, "").replaceAll(/\/\*[\s\S]*?\*\//g, " ");
}
