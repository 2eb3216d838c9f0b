/**
 * A part of a URL with its percent-encoding undone. One that is not valid is taken as it stands, as a password with a
 * bare percent sign would be.
 *
 * @example decodeUrlPart("p%40ss") // "p@ss"
 */
export function decodeUrlPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
