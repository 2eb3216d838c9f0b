import { setImmediate as turn } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { unlessStopped } from "../../src/cli/unless-stopped.js";

it("leaves no failure that nobody hears of when it was told to stop before it began to wait", async () => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => void unheard.push(reason);
  process.on("unhandledRejection", listen);
  onTestFinished(() => void process.off("unhandledRejection", listen));
  let fail = (_: Error) => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  await expect(unlessStopped(AbortSignal.abort(), work)).rejects.toMatchObject({ code: "interrupted" });
  fail(new Error("the connection is gone"));
  await turn();
  await turn();
  expect(unheard).toEqual([]);
});

it("gives what the work gives, and its failure", async () => {
  const { signal } = new AbortController();
  expect(await unlessStopped(signal, Promise.resolve(1))).toBe(1);
  await expect(unlessStopped(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
});
