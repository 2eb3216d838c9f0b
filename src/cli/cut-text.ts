import stringWidth from "fast-string-width";

/** A text that is at most so many columns wide, cut with an ellipsis; wide characters count as two. */
export function cutText(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
