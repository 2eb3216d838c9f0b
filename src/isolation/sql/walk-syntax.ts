/** One node of a syntax tree: its kind, such as `FuncCall`, and its fields. */
export type SyntaxNode = { readonly kind: string; readonly fields: Readonly<Record<string, unknown>> };

/** Visits every node below a value of the syntax tree, from the outside in. `visit` returns false to go no deeper. */
export function walkSyntax(value: unknown, visit: (node: SyntaxNode) => boolean): void {
  if (Array.isArray(value)) {
    for (const element of value) walkSyntax(element, visit);
  } else if (isRecord(value)) {
    for (const [key, part] of Object.entries(value)) {
      if (isRecord(part) && /^[A-Z]/.test(key) && !visit({ kind: key, fields: part })) continue;
      walkSyntax(part, visit);
    }
  }
}

/** True for what has fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
