import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import type { CodeFinding, CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";
import type { SqlText } from "../sql-texts.js";
import { findTexts } from "../sql-texts.js";

/** What is wrong with a text of a service. */
export type TextFault = Pick<CodeFinding, "level" | "detail" | "fix">;

/** A rule that judges the texts in the code of services, one by one. */
export function serviceTextRule(
  id: string,
  threats: readonly number[],
  find: (text: SqlText, settings: TenancySettings) => TextFault | undefined,
): CodeRule {
  return {
    id,
    threats,
    check: ({ services, settings }) =>
      services.flatMap(({ file, placeOf }) =>
        findTexts(file).flatMap((text) => {
          const fault = find(text, settings);
          if (fault === undefined) return [];
          const place = placeOf(text.node);
          return [{ ...fault, subject: place.file, ...at(place) }];
        }),
      ),
  };
}
