// An extension: keeps a file there for as long as the agent runs, for scripts and probes that look for one.
import { rm, writeFile } from 'node:fs/promises'
import { defineExtension, nonEmptyText, required, section } from 'sluice/plugin'

export default defineExtension({
  type: 'readyfile',
  summary: 'Keeps a file there for as long as the agent runs.',
  stability: 'alpha',
  config: section({
    path: required(nonEmptyText, 'The file; its content is the process id.'),
  }),
  create: ({ path }) => ({
    start: () => writeFile(path, `${process.pid}\n`),
    stop: () => rm(path, { force: true }),
  }),
})
