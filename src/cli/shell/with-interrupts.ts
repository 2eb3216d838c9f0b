/**
 * Gives Ctrl-C to somebody else while a function runs. In `bin.ts` it means "stop tenantry"; while psql or a prompt has
 * the terminal it means "cancel this statement", and tenantry must neither end nor abort.
 *
 * @throws whatever the function throws.
 * @example await withInterrupts(() => query.cancel(), () => prompt());
 */
export async function withInterrupts<T>(interrupt: () => void, use: () => Promise<T>): Promise<T> {
  const before = process.listeners("SIGINT");
  // In this order there is always a listener: with none, the signal would end the process.
  process.on("SIGINT", interrupt);
  for (const listener of before) process.off("SIGINT", listener);
  try {
    return await use();
  } finally {
    for (const listener of before) process.on("SIGINT", listener);
    process.off("SIGINT", interrupt);
  }
}
