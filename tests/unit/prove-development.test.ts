import { expect, it } from "vitest";
import type { ResetSubject } from "../../src/data/reset/prove-development.js";
import { proveDevelopment } from "../../src/data/reset/prove-development.js";

const FINE = {
  environment: "development",
  mark: "development",
  host: "localhost",
  database: "app",
  developmentHosts: [],
};

it.each([
  ["localhost", "app"],
  ["127.0.0.1", "products"],
  ["127.8.9.10", "delivery_dev"],
  ["[::1]", "app"],
  ["::1", "olive"],
  ["db.localhost", "my app"],
])("lets a marked database at %s called %s pass", (host, database) => {
  expect(() => proveDevelopment({ ...FINE, host, database })).not.toThrow();
});

it("lets a host that the project lists pass", () => {
  const subject = { ...FINE, host: "dev-db", developmentHosts: ["dev-db"] };
  expect(() => proveDevelopment(subject)).not.toThrow();
});

const AGAINST: readonly (readonly [Partial<ResetSubject>, RegExp])[] = [
  [{ environment: "production" }, /the environment is production/],
  [{ environment: "staging" }, /the environment is staging/],
  [{ mark: undefined }, /nothing in the database app says/],
  [{ mark: "production" }, /this is a production database/],
  [{ mark: "staging" }, /this is a staging database/],
  [{ host: "db.example.com" }, /db\.example\.com is not this machine/],
  [{ host: "127.0.0.1.example.com" }, /is not this machine/],
  [{ host: "localhost.example.com" }, /is not this machine/],
  ...["prod", "app_prod", "App-Production", "prodApp", "live", "shop_LIVE_2", "myprod", "PRD"].map(
    (database) => [{ database }, /sounds like production/] as const,
  ),
];

it.each(AGAINST)("refuses %j", (changed, message) => {
  expect(() => proveDevelopment({ ...FINE, ...changed })).toThrow(message);
});
