import type { Database } from "../../../postgres/connect.js";
import type { Check, Verdict } from "../check.js";
import { ok, warning } from "../check.js";

/** Above it, seconds, tokens end early or late, and new migrations may sort before old ones. */
const MOST_SKEW_SECONDS = 5;
const TRIES = 3;

/** One question to the server's clock; milliseconds since 1970, by this machine's clock but for the answer. */
export type ClockReading = { readonly asked: number; readonly answered: number; readonly server: number };

/** This machine's clock agrees with the server's. */
export const clockCheck: Check = {
  id: "clock",
  group: "The database",
  needs: ["connection"],
  run: async ({ database }) => {
    const session = await database();
    const readings: ClockReading[] = [];
    for (let tries = 0; tries < TRIES; tries++) readings.push(await readClock(session));
    return judgeClock(readings);
  },
};

async function readClock(session: Database): Promise<ClockReading> {
  const asked = Date.now();
  const [row] = await session<{ now: number }[]>`
    select (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::float8 as now`;
  return { asked, answered: Date.now(), server: row?.now ?? Number.NaN };
}

/** Judges by the reading that took the least time: half of it is what nobody can know (pure). */
export function judgeClock(readings: readonly ClockReading[]): Verdict {
  const [best] = [...readings].sort((one, other) => lasted(one) - lasted(other));
  if (best === undefined) throw new Error("no reading of the clock");
  const skew = (best.server - (best.asked + best.answered) / 2) / 1000;
  const uncertain = lasted(best) / 2000;
  if (Math.abs(skew) - uncertain <= MOST_SKEW_SECONDS)
    return ok(`within ${MOST_SKEW_SECONDS} s of the server's`);
  const seconds = Math.round(Math.abs(skew)).toLocaleString("en");
  return warning(
    `the server's clock is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} this machine's`,
    "Set both by NTP: tokens expire by these clocks, and migrations are ordered by their time.",
  );
}

function lasted({ asked, answered }: ClockReading): number {
  return answered - asked;
}
