export type { EmptyDatabase, EmptyDatabaseOptions } from "./create-empty-database.js";
export { createEmptyDatabase } from "./create-empty-database.js";
export type { TestDatabase, TestDatabaseOptions } from "./create-test-database.js";
export { createTestDatabase } from "./create-test-database.js";
export type { TemplateContents, TemplateOptions } from "./prepare-template.js";
export { dropTemplates, prepareTemplate } from "./prepare-template.js";
export type { TestServerOptions } from "./server/test-server.js";
