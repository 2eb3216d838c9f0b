/**
 * A text as one word of a shell, whatever is in it: bash, zsh, and every other that descends from Bourne's.
 *
 * @example quoteShell("it's") // 'it'\''s'
 */
export function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
