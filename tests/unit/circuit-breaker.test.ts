import { expect, it } from "vitest";
import { CircuitBreaker } from "../../src/redis/circuit-breaker.js";

it("opens after five failures in a row, tries one call after a pause, and pauses longer each time", () => {
  let now = 0;
  const breaker = new CircuitBreaker(() => now);
  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) breaker.failed();
  };
  fail(4);
  breaker.succeeded();
  fail(4);
  expect(breaker.admits()).toBe(true);
  fail(1);
  expect(breaker.admits()).toBe(false);
  // Those that were under way make no difference.
  fail(20);
  now = 250;
  expect(breaker.admits()).toBe(true);
  expect(breaker.admits()).toBe(false);
  breaker.failed();
  now += 499;
  expect(breaker.admits()).toBe(false);
  now += 1;
  expect(breaker.admits()).toBe(true);
  breaker.succeeded();
  expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
  for (let time = 0; time < 30; time += 1) {
    fail(5);
    now += 10_000;
    expect(breaker.admits()).toBe(true);
  }
});
