import { test } from 'tap'
import { Accounts } from '../../src/observe/accounts.ts'
import { HealthRegistry } from '../../src/observe/health.ts'
import { FakeClock } from '../../src/testing/index.ts'

const exporter = ['exporter', 'otlp_http', undefined] as const

test('a component is what it last said it is, since the moment its state changed', async (t) => {
  const clock = new FakeClock(1000)
  const health = new HealthRegistry(clock)
  t.equal(health.startedAt, 1000)
  health.report(...exporter, 'starting')
  await clock.advance(10)
  health.started(...exporter)
  t.match(health.components(), [{ kind: 'exporter', id: 'otlp_http', pipeline: undefined, state: 'ok', since: 1010 }])
  await clock.advance(10)
  health.report(...exporter, 'degraded', 'connection refused')
  await clock.advance(10)
  health.report(...exporter, 'degraded', 'timeout')
  t.match(health.components(), [{ state: 'degraded', reason: 'timeout', since: 1020 }])
  t.equal(health.components().length, 1)
})

test('a component that degrades while it starts is not called ok by the end of its start', async (t) => {
  const health = new HealthRegistry(new FakeClock())
  health.report(...exporter, 'starting')
  health.report(...exporter, 'degraded', 'destination is down')
  health.started(...exporter)
  t.match(health.components(), [{ state: 'degraded', reason: 'destination is down' }])
})

test('one processor in two pipelines is two components', async (t) => {
  const health = new HealthRegistry(new FakeClock())
  health.started('processor', 'batch', 'traces')
  health.report('processor', 'batch', 'logs', 'failed', 'broken')
  t.match(health.components(), [
    { pipeline: 'traces', state: 'ok' },
    { pipeline: 'logs', state: 'failed' },
  ])
  health.forget('processor', 'batch', 'traces')
  t.equal(health.components().length, 1)
})

test('listeners hear of changes only, and not after they have left', async (t) => {
  const health = new HealthRegistry(new FakeClock())
  const heard: string[] = []
  const leave = health.onChange((changed) => heard.push(changed === 'ready' ? 'ready' : changed.state))
  health.setReady(false)
  health.report(...exporter, 'starting')
  health.report(...exporter, 'starting')
  health.setReady(true)
  health.setReady(true)
  leave()
  health.setReady(false)
  t.same(heard, ['starting', 'ready'])
  t.equal(health.isReady, false)
})

test('it is ready since the moment that it became so', async (t) => {
  const clock = new FakeClock(1000)
  const health = new HealthRegistry(clock)
  t.equal(health.readySince, undefined)
  await clock.advance(5)
  health.setReady(true)
  await clock.advance(5)
  health.setReady(true)
  t.equal(health.readySince, 1005)
  health.setReady(false)
  t.equal(health.readySince, undefined)
})

test('failures of exporters are counted by the times, not by the items', async (t) => {
  const accounts = new Accounts()
  const health = new HealthRegistry(new FakeClock(), accounts)
  const ledger = accounts.ledger({ kind: 'exporter', id: 'a', signal: 'logs' })
  ledger.dropped(100, 'http_400')
  ledger.dropped(0, 'nothing')
  ledger.refused(100)
  accounts.ledger({ kind: 'exporter', id: 'b', signal: 'traces' }).refused(1)
  accounts.ledger({ kind: 'receiver', id: 'b', signal: 'traces' }).refused(1)
  t.equal(health.exporterFailures, 3)
})
