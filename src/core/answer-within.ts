/**
 * An answer, but no later than so many seconds: what takes connections may never say a word.
 *
 * @param complaint the message of the error that is thrown instead.
 * @throws Error
 * @example await answerWithin(10, "no answer in 10 s", session.unsafe("select 1"))
 */
export async function answerWithin<T>(
  seconds: number,
  complaint: string,
  answer: PromiseLike<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), seconds * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
