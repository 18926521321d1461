import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ChangedSources, loadConfig } from '../../src/config/index.ts'

test('what a config was made from is known to have changed, once for each change', async (t) => {
  const dir = t.testdir({ 'config.yaml': 'a: ${file:token}\nb: ${ssm:/x}\nc: ${ssm:/y}', token: 'one' })
  const values: Record<string, string> = { '/x': 'x', '/y': 'y' }
  let opened = 0
  const options = {
    cwd: dir,
    env: {},
    openRemote: async () => {
      opened++
      return {
        async retrieve({ rest }: { rest: string }) {
          if (values[rest] === undefined) throw new Error('may not read it')
          return { text: values[rest] }
        },
        close() {},
      }
    },
  }
  const { read } = await loadConfig({ ...options, sources: ['config.yaml', 'yaml:d: 1'] })
  const sources = new ChangedSources(read, options)
  t.equal(sources.size, 4, 'what the command line says does not change')
  t.same(await sources.look(), { changed: [], restored: [], failed: [] })
  t.equal(opened, 2, 'a fresh look asks afresh')

  values['/x'] = 'new'
  writeFileSync(join(dir, 'token'), 'two')
  t.same((await sources.look()).changed.toSorted(), ['file:token', 'ssm:/x'])
  t.same(sources.changed.toSorted(), ['file:token', 'ssm:/x'])
  t.same(await sources.look(), { changed: [], restored: [], failed: [] })
  values['/x'] = 'newer'
  t.same((await sources.look()).changed, ['ssm:/x'])
  values['/x'] = 'x'
  t.same((await sources.look()).restored, ['ssm:/x'])
  t.same(sources.changed, ['file:token'])

  delete values['/y']
  rmSync(join(dir, 'token'))
  t.match(
    (await sources.look()).failed.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'file:token', error: /there is no file/ },
      { name: 'ssm:/y', error: 'may not read it' },
    ],
  )
  t.equal(sources.failing, 2)
  t.same(await sources.look(), { changed: [], restored: [], failed: [] })
})
