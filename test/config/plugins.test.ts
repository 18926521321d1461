import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig, readPlugins } from '../../src/config/index.ts'

test('a relative path starts at the config that names it', async (t) => {
  const dir = t.testdir({ conf: { 'a.yaml': 'plugins: [./x.ts, "@a/b"]' } })
  const loaded = await loadConfig({ sources: ['conf/a.yaml'], cwd: dir, env: {} })
  t.same(readPlugins(loaded), {
    plugins: [
      { specifier: './x.ts', folder: join(dir, 'conf'), path: ['plugins', 0] },
      { specifier: '@a/b', folder: join(dir, 'conf'), path: ['plugins', 1] },
    ],
    problems: [],
  })
})

test('what came by another way starts where the agent was started', async (t) => {
  const loaded = await loadConfig({ sources: ['yaml:'], set: ['plugins=[./x.ts]'], env: {}, cwd: '/elsewhere' })
  t.match(readPlugins(loaded, '/work').plugins, [{ specifier: './x.ts', folder: '/work' }])
  const one = await loadConfig({ sources: ['yaml:plugins: ./x.ts'], env: {}, cwd: '/elsewhere' })
  t.match(readPlugins(one).plugins, [{ specifier: './x.ts', folder: '/elsewhere' }])
})

test('no plugins are none, and what is no list of texts is refused', async (t) => {
  for (const yaml of ['a: 1', 'plugins:', 'plugins: []'])
    t.same(readPlugins(await loadConfig({ sources: [`yaml:${yaml}`], env: {} })), { plugins: [], problems: [] })
  const { problems } = readPlugins(await loadConfig({ sources: ['yaml:plugins: [{a: b}]'], env: {} }))
  t.match(problems, [{ message: /^must be a list of texts/, location: { line: 1 } }])
})
