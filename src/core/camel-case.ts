/**
 * A name of the database as TypeScript code spells it.
 *
 * @example camelCase("creator_id") // "creatorId"
 */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
