const TURNS = 200
const LIMIT_MS = 60_000

/**
 * Waits for what sockets, threads and processes bring about. At first a turn of the event loop at a time, for what is under
 * way already; then a millisecond at a time, which leaves the processor to whom it waits for. Says at the end what never came.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    if (await condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const start = Date.now(); Date.now() - start < LIMIT_MS; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`not so in ${LIMIT_MS / 1000} s: ${condition}`)
}
