// A proxy with a latency, in a thread of its own: what it costs does not count as the client's work. It counts round
// trips: how often a client has sent something after it had received something.
import { connect, createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

const { host, port, latency } = workerData;
let roundTrips = 0;
const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host, port, noDelay: true });
  let waits = true;
  client.on("data", (data) => {
    if (waits) roundTrips += 1;
    waits = false;
    upstream.write(data);
  });
  upstream.on("data", (data) => {
    const pass = () => {
      waits = true;
      client.write(data);
    };
    if (latency === 0) pass();
    else setTimeout(pass, latency);
  });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ])
    one.on("error", () => {}).on("close", () => other.destroy());
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage({ port: server.address().port }));
parentPort.on("message", () => parentPort.postMessage({ roundTrips }));
