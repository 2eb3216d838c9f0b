import type { CodeContext } from "./code-rule.js";
import { relationsIn } from "./expression-facts.js";
import type { SchemaModel, ViewModel } from "./schema-model.js";

/**
 * True if a view reads rows of tenants, directly or through other views. A query that cannot be parsed is taken to do
 * so; one that reads only global tables, or nothing that the schema knows, does not.
 */
export function readsTenantRows({ model, parser }: CodeContext, view: ViewModel): boolean {
  const seen = new Set<ViewModel>();
  const reads = (at: ViewModel): boolean => {
    if (at.query === undefined || seen.has(at)) return false;
    seen.add(at);
    const relations = parse(at.query);
    return relations === undefined || relations.some((relation) => isOfTenants(model, relation, reads));
  };
  return reads(view);

  function parse(query: string) {
    try {
      return parser === undefined ? undefined : relationsIn(parser.parseStatement(query));
    } catch {
      return undefined;
    }
  }
}

function isOfTenants(
  model: SchemaModel,
  { schema, name }: { readonly schema: string | undefined; readonly name: string },
  reads: (view: ViewModel) => boolean,
): boolean {
  const isMeant = (each: { readonly schema: string; readonly name: string }) =>
    each.name === name && each.schema === (schema ?? "public");
  const table = model.tables.find(isMeant);
  if (table !== undefined) return table.declaration?.kind !== "global";
  return model.views.filter(isMeant).some(reads);
}
