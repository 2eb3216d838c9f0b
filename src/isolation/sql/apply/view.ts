import { resolveReads } from "../read-relations.js";
import { stateKey, withEntry } from "../schema-state.js";
import { isOn, newRelationName, valueText } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";

/** CREATE VIEW. Replacing a view without options takes its options away. */
export const applyView: Effect<Content<"ViewStmt">> = (node, state, statement) => {
  if (node.view?.relpersistence === "t") return state;
  const name = newRelationName(node.view, state);
  const invoker = (node.options ?? []).some(
    (option) =>
      "DefElem" in option &&
      option.DefElem.defname === "security_invoker" &&
      isOn(valueText(option.DefElem.arg)),
  );
  const view = {
    ...name,
    materialized: false,
    securityInvoker: invoker,
    reads: resolveReads(node.query, state),
    at: statement,
  };
  return { ...state, views: withEntry(state.views, stateKey(name.schema, name.name), view) };
};
