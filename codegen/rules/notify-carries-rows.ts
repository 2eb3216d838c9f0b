import type { ts } from "ts-morph";
import type { CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";
import { findNotifications } from "../find-notifications.js";
import { lastName } from "../sent-texts.js";
import { loadSyntax } from "../syntax.js";

/** NOTIFY asks no policies: every login of the database may listen, so a payload may be an id and nothing else. */
export const notifyCarriesRows: CodeRule = {
  id: "notify-carries-rows",
  threats: [71],
  check: ({ services }) =>
    services.flatMap(({ file, placeOf }) =>
      findNotifications(file)
        .filter(({ payload }) => !payload.every(isIdentifying))
        .map(({ node }) => {
          const place = placeOf(node);
          return {
            level: "warning" as const,
            subject: place.file,
            ...at(place),
            detail:
              "what this NOTIFY carries goes to every listener of the database, whosever row it is from",
            fix: "Send the id, and let the listener read the row as its tenant.",
          };
        }),
    ),
};

/** `id`, `row.id`, `creatorId`, `document_id`, a constant, or an object of nothing else. */
function isIdentifying(part: ts.Expression | string): boolean {
  const { ts } = loadSyntax();
  if (typeof part === "string") return isIdName(part);
  if (ts.isStringLiteralLike(part) || ts.isNumericLiteral(part)) return true;
  if (ts.isCallExpression(part)) return part.arguments.length > 0 && part.arguments.every(isIdentifying);
  if (ts.isTemplateExpression(part))
    return part.templateSpans.every(({ expression }) => isIdentifying(expression));
  if (ts.isObjectLiteralExpression(part))
    return part.properties.every((property) =>
      ts.isPropertyAssignment(property)
        ? isIdentifying(property.initializer)
        : ts.isShorthandPropertyAssignment(property) && isIdName(property.name.text),
    );
  return isIdName(lastName(part));
}

function isIdName(name: string): boolean {
  return /^(id|uuid)$|(Id|ID|_id|Uuid|_uuid)$/.test(name);
}
