import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig, readPlugins } from '../../src/config/index.ts'

test('a path starts at the config that names it, anything else is a package', async (t) => {
  const dir = t.testdir({ conf: { 'a.yaml': 'plugins: [./x.ts, ../y.js, sluice-plugin-z, "@a/b", /abs/c.ts]' } })
  const loaded = await loadConfig({ sources: ['conf/a.yaml'], cwd: dir, env: {} })
  const { plugins, problems } = readPlugins(loaded)
  t.same(problems, [])
  t.same(
    plugins.map(({ specifier, file }) => [specifier, file]),
    [
      ['./x.ts', join(dir, 'conf/x.ts')],
      ['../y.js', join(dir, 'y.js')],
      ['sluice-plugin-z', undefined],
      ['@a/b', undefined],
      ['/abs/c.ts', '/abs/c.ts'],
    ],
  )
})

test('what came by another way starts where the agent was started', async (t) => {
  const loaded = await loadConfig({ sources: ['yaml:'], set: ['plugins=[./x.ts]'], env: {}, cwd: '/elsewhere' })
  t.equal(readPlugins(loaded, '/work').plugins[0]?.file, '/work/x.ts')
  const one = await loadConfig({ sources: ['yaml:plugins: ./x.ts'], env: {}, cwd: '/elsewhere' })
  t.equal(readPlugins(one).plugins[0]?.file, '/elsewhere/x.ts')
})

test('no plugins are none, and what is no list of texts is refused', async (t) => {
  for (const yaml of ['a: 1', 'plugins:', 'plugins: []'])
    t.same(readPlugins(await loadConfig({ sources: [`yaml:${yaml}`], env: {} })), { plugins: [], problems: [] })
  const { problems } = readPlugins(await loadConfig({ sources: ['yaml:plugins: [{a: b}]'], env: {} }))
  t.match(problems, [{ message: /^must be a list of texts/, location: { line: 1 } }])
})
