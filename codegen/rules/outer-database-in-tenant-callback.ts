import type { ts } from "ts-morph";
import type { CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";
import type { SourceFile } from "../source-file.js";
import { loadSyntax } from "../syntax.js";
import type { TenantCallback } from "../tenant-callbacks.js";
import { findTenantCallbacks, pathOf } from "../tenant-callbacks.js";

/** The outer database used inside a tenant's callback: another connection, without the tenant and the transaction. */
export const outerDatabaseInTenantCallback: CodeRule = {
  id: "outer-database-in-tenant-callback",
  threats: [29, 30],
  check: ({ services }) =>
    services.flatMap(({ file, placeOf }) =>
      findTenantCallbacks(file).flatMap((callback) =>
        outerUses(file, callback).map((node) => {
          const place = placeOf(node);
          return {
            level: "error" as const,
            subject: place.file,
            ...at(place),
            detail: `${pathOf(node)} is the outer database: its query runs on another connection, outside this tenant's transaction`,
            fix: `Use ${callback.inner ?? "the callback's own parameter"} instead.`,
          };
        }),
      ),
    ),
};

/** The uses of an outer database in a callback, those in callbacks within it left to them. */
function outerUses(file: SourceFile, { body, outer }: TenantCallback): ts.Expression[] {
  const { ts } = loadSyntax();
  const inner = findTenantCallbacks(file).map((callback) => callback.body);
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node, shadowed: ReadonlySet<string>): void => {
    if (node !== body && inner.some((callback) => callback === node)) return;
    const hidden =
      ts.isFunctionLike(node) || ts.isBlock(node) ? new Set([...shadowed, ...namesOf(node)]) : shadowed;
    if (isUse(node)) {
      const path = pathOf(node);
      if (path !== undefined && outer.has(path) && !hidden.has(path.split(".")[0] ?? "")) {
        found.push(node);
        return;
      }
    }
    ts.forEachChild(node, (child) => visit(child, hidden));
  };
  visit(body, new Set());
  return found;
}

/** An expression that stands for a value, and not the name of a property or of a declaration. */
function isUse(node: ts.Node): node is ts.Expression {
  const { ts } = loadSyntax();
  if (ts.isPropertyAccessExpression(node)) return true;
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent)) return parent.name !== node;
  return !(ts.isParameter(parent) || (ts.isVariableDeclaration(parent) && parent.name === node));
}

/** What a function or a block declares, which hides the names outside it. */
function namesOf(node: ts.SignatureDeclaration | ts.Block): string[] {
  const { ts } = loadSyntax();
  const declared = ts.isBlock(node)
    ? node.statements
        .filter(ts.isVariableStatement)
        .flatMap((statement) => statement.declarationList.declarations.map(({ name }) => name))
    : node.parameters.map(({ name }) => name);
  return declared.flatMap(namesIn);
}

function namesIn(name: ts.BindingName): string[] {
  const { ts } = loadSyntax();
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}
