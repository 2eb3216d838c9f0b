import type { CodeRule } from "../code-rule.js";
import { at, subjectOf } from "../code-rule.js";
import { readsTenantRows } from "../reads-tenant-rows.js";

/** A view that reads with its owner's eyes: the policies of the tables under it are the owner's, not the reader's. */
export const viewNotSecurityInvoker: CodeRule = {
  id: "view-not-security-invoker",
  threats: [46],
  check: (context) =>
    context.model.views
      .filter((view) => !view.materialized && !view.securityInvoker && readsTenantRows(context, view))
      .map((view) => ({
        level: "error",
        subject: subjectOf(view),
        ...at(view.place),
        detail: "the view reads tenant rows as its owner, past the policies of whoever asks",
        fix: `Add .with({ securityInvoker: true }) before .as(…).`,
      })),
};
