import { test } from 'tap'
import { servePage } from '../../src/observe/page-server.ts'
import { testSettings } from '../../src/testing/index.ts'
import { until } from '../kit/until.ts'

test('who asks while a page is being made gets that one; who asks later gets a new one', async (t) => {
  let rendered = 0
  let asked = 0
  let finish = (): void => {}
  const made = new Promise<void>((resolve) => (finish = resolve))
  const server = await servePage(
    { host: '127.0.0.1', port: 0 },
    async () => {
      const page = `page ${++rendered}\n`
      await made
      return page
    },
    { log: testSettings().log, limitConnections: (server) => void server.on('request', () => asked++) },
  )
  t.teardown(() => server.stop())
  const ask = async (): Promise<string> => (await fetch(server.endpoint)).text()
  const pages = Array.from({ length: 5 }, ask)
  await until(() => asked === 5)
  finish()
  t.same(await Promise.all(pages), Array(5).fill('page 1\n'))
  t.equal(await ask(), 'page 2\n')
})

test('a page that could not be made is made anew for the next one', async (t) => {
  let rendered = 0
  const { log, lines } = testSettings()
  const server = await servePage(
    { host: '127.0.0.1', port: 0 },
    async () => {
      if (++rendered === 1) throw new Error('not now')
      return 'fine\n'
    },
    { log },
  )
  t.teardown(() => server.stop())
  t.equal((await fetch(server.endpoint)).status, 500)
  t.match(lines, [{ level: 'error', message: 'own metrics cannot be read' }])
  t.equal(await (await fetch(server.endpoint)).text(), 'fine\n')
})
