import type { ts } from "ts-morph";
import { loadSyntax } from "./syntax.js";

/** A name that a file imports; `*` is the whole module. */
export type ImportedName = { readonly module: string; readonly name: string };

/** What an export stands for: a name of the file itself, a name of another module, or an expression. */
export type ExportTarget =
  | { readonly kind: "local"; readonly name: string }
  | ({ readonly kind: "from" } & ImportedName)
  | { readonly kind: "expression"; readonly node: ts.Expression };

/** One source file, parsed, with the names that it binds. */
export type SourceFile = {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** What each variable of the file starts as. */
  readonly variables: ReadonlyMap<string, ts.Expression>;
  readonly exports: ReadonlyMap<string, ExportTarget>;
  /** Modules of which everything is exported again. */
  readonly stars: readonly string[];
  readonly lines: () => readonly string[];
};

/** Parses a file and collects the names that it imports, declares and exports. Types are not looked at. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { ts, parse } = loadSyntax();
  const source = parse(path, text);
  const imports = new Map<string, ImportedName>();
  const variables = new Map<string, ts.Expression>();
  const exports = new Map<string, ExportTarget>();
  const stars: string[] = [];

  const isExported = (node: ts.VariableStatement) =>
    node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) === true;

  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) readImport(statement);
    else if (ts.isExportDeclaration(statement)) readExport(statement);
    else if (ts.isExportAssignment(statement)) exports.set("default", exportOf(statement.expression));
    else if (ts.isVariableStatement(statement)) readVariables(statement);
  }
  let lines: readonly string[] | undefined;
  return {
    path,
    source,
    imports,
    variables,
    exports,
    stars,
    lines: () => {
      lines ??= text.split("\n");
      return lines;
    },
  };

  function readImport({ importClause, moduleSpecifier }: ts.ImportDeclaration): void {
    if (!ts.isStringLiteral(moduleSpecifier)) return;
    const module = moduleSpecifier.text;
    if (importClause?.name !== undefined) imports.set(importClause.name.text, { module, name: "default" });
    const bindings = importClause?.namedBindings;
    if (bindings === undefined) return;
    if (ts.isNamespaceImport(bindings)) imports.set(bindings.name.text, { module, name: "*" });
    else {
      for (const { name, propertyName } of bindings.elements)
        imports.set(name.text, { module, name: (propertyName ?? name).text });
    }
  }

  function readExport({ exportClause, moduleSpecifier }: ts.ExportDeclaration): void {
    const module =
      moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
    if (exportClause === undefined) {
      if (module !== undefined) stars.push(module);
      return;
    }
    if (ts.isNamespaceExport(exportClause)) {
      if (module !== undefined) exports.set(exportClause.name.text, { kind: "from", module, name: "*" });
      return;
    }
    for (const { name, propertyName } of exportClause.elements) {
      const inner = (propertyName ?? name).text;
      exports.set(
        name.text,
        module === undefined ? { kind: "local", name: inner } : { kind: "from", module, name: inner },
      );
    }
  }

  function exportOf(expression: ts.Expression): ExportTarget {
    return ts.isIdentifier(expression)
      ? { kind: "local", name: expression.text }
      : { kind: "expression", node: expression };
  }

  function readVariables(statement: ts.VariableStatement): void {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || initializer === undefined) continue;
      variables.set(name.text, initializer);
      if (isExported(statement)) exports.set(name.text, { kind: "local", name: name.text });
    }
  }
}
