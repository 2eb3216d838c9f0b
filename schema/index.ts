// `export *`, because drizzle-kit does not create an enum that it does not find exported.
export * from "./audit-logs.js";
export * from "./conversations.js";
export * from "./creators.js";
export * from "./documents.js";
export * from "./jwt-blacklist.js";
export * from "./refresh-tokens.js";
export * from "./token-cutoffs.js";
export * from "./widget-configurations.js";
