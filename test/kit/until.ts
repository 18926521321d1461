/** Waits for what sockets and threads bring about, without a clock; a test that waits for nothing runs into its time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
