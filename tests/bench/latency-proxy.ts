import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { z } from "zod";

/** A proxy in front of a server that adds a latency to each answer. */
export type LatencyProxy = {
  readonly url: URL;
  /** Since it was started. */
  countRoundTrips(): Promise<number>;
  close(): Promise<void>;
};

const started = z.object({ port: z.number() });
const counted = z.object({ roundTrips: z.number() });

/** Starts one, in a thread of its own. */
export async function startLatencyProxy(target: URL, milliseconds: number): Promise<LatencyProxy> {
  const worker = new Worker(new URL("./latency-proxy.mjs", import.meta.url), {
    workerData: { host: target.hostname, port: Number(target.port), latency: milliseconds },
  });
  const [first] = await once(worker, "message");
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(started.parse(first).port);
  return {
    url,
    countRoundTrips: async () => {
      const answer = once(worker, "message");
      worker.postMessage("count");
      return counted.parse((await answer)[0]).roundTrips;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
