import { openDatabase } from "./database.js";
import { inLanes } from "./in-lanes.js";
import { listCreators } from "./list-creators.js";
import { processDocuments } from "./process-documents.js";
import { readSettings } from "./settings.js";

const settings = readSettings(process.env);
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

const db = await openDatabase(settings);
const total = { creators: 0, documents: 0 };
try {
  await inLanes(listCreators(db), settings.LANES, stopping.signal, async (creatorId) => {
    // Added when it is done: "+= await" would read the sum before, and forget what other lanes add meanwhile.
    const processed = await processDocuments(db.as(creatorId, { actor: "example-worker" }));
    total.documents += processed;
    total.creators += 1;
  });
} finally {
  await db.close();
}
console.log(JSON.stringify(total));
