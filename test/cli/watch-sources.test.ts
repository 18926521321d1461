import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { watchSources } from '../../src/cli/watch-sources.ts'
import { loadConfig } from '../../src/config/index.ts'
import { HealthRegistry } from '../../src/observe/health.ts'
import { testSettings } from '../../src/testing/index.ts'
import { readableMeter } from '../kit/readable-meter.ts'
import { until } from '../kit/until.ts'

test('a source that has changed is warned of at the next look, once, and counted', async (t) => {
  const dir = t.testdir({ 'config.yaml': 'a: ${file:token}', token: 'canary-before' })
  const options = { cwd: dir, env: {} }
  const loaded = await loadConfig({ ...options, sources: ['config.yaml'] })
  const { meter, observed } = readableMeter()
  const health = new HealthRegistry()
  const settings = { ...testSettings({ meter }), health }
  const { clock, lines } = settings
  const end = watchSources(loaded, 60_000, settings, options)
  /** To the next look, and through it. */
  const look = async (): Promise<void> => {
    await clock.advance(60_000)
    await until(() => clock.pending === 1)
  }
  await look()
  t.same(lines, [])
  writeFileSync(join(dir, 'token'), 'canary-after')
  await look()
  await look()
  t.match(lines, [
    {
      level: 'warn',
      message: 'a source of the config has changed since the start: restart sluice to take it',
      fields: { source: 'file:token' },
    },
  ])
  t.equal(lines.length, 1)
  t.notMatch(JSON.stringify(lines), /canary/)
  t.equal(observed('sluice_config_sources_changed'), 1)
  t.same(health.changedSources, ['file:token'])
  t.equal(observed('sluice_config_sources_unreadable'), 0)
  writeFileSync(join(dir, 'token'), 'canary-before')
  await look()
  t.same(health.changedSources, [], 'as it was')
  end()
  t.equal(clock.pending, 0)
})

test('nothing is looked at when there is nothing to look at, or nobody wants it', async (t) => {
  const settings = { ...testSettings(), health: new HealthRegistry() }
  const loaded = await loadConfig({ env: {}, sources: ['yaml:a: 1'] })
  watchSources(loaded, 60_000, settings)()
  const dir = t.testdir({ 'c.yaml': 'a: 1' })
  watchSources(await loadConfig({ cwd: dir, env: {}, sources: ['c.yaml'] }), 0, settings)()
  t.equal(settings.clock.pending, 0)
})
