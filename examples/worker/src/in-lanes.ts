/**
 * Does work on all of these, so many at a time: each lane takes the next one when it is done with its last. After a
 * failure, or once the signal is aborted, nothing new is begun; what is under way is waited for.
 *
 * @throws the first failure.
 * @example await inLanes(listCreators(db), 4, signal, (id) => processDocuments(db.as(id)));
 */
export async function inLanes<T>(
  items: AsyncGenerator<T>,
  lanes: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const lane = async () => {
    while (failures.length === 0 && !signal.aborted) {
      const next = await items.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  const run = () => lane().catch((thrown: unknown) => failures.push(thrown));
  await Promise.all(Array.from({ length: lanes }, run));
  await items.return(undefined);
  if (failures.length > 0) throw failures[0];
}
