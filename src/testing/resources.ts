import { settle } from './clock.ts'

/** What keeps the process busy, by name, once what is on its way out has gone: sockets, timers, files. */
export async function resources(): Promise<string[]> {
  let before = openResources()
  for (let same = 0; same < 5; ) {
    await settle()
    const after = openResources()
    same = after.join() === before.join() ? same + 1 : 0
    before = after
  }
  return before
}

/** What keeps the process busy now. The output of tests is written to a pipe, and that takes its time: it does not count. */
export const openResources = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate' && name !== 'SimpleWriteWrap')
    .toSorted()
