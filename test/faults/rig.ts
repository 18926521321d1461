// One exporter and its destination in this process, with a clock that the test moves.
import type { Test } from 'tap'
import * as v from 'valibot'
import { components } from '../../src/components.ts'
import type { Consume } from '../../src/contract/index.ts'
import { decodeOtlpJson } from '../../src/data/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { withTestKeys } from '../emulator/server.ts'
import { type Destination, destinations, QUEUE, RETRY } from './destinations.ts'
import { numbered } from './numbered.ts'

export interface Rig {
  readonly destination: Destination
  readonly settings: TestSettings
  readonly ledger: ReturnType<TestSettings['ledger']>
  /** Items with these numbers, of now unless `timeOf` says when. False when they were refused. */
  send(numbers: readonly number[], timeOf?: (number: number) => number): Promise<boolean>
  /** Moves on in steps until it is so; accounts that do not add up on the way fail the test. */
  until(isSo: () => boolean, stepMs?: number): Promise<void>
  stop(abort?: AbortSignal): Promise<void>
}

export interface RigOptions {
  readonly queue?: object
  readonly retry?: object
  readonly timeout?: string
  readonly config?: object
}

export async function startRig(
  t: Test,
  name: string,
  { queue, retry, timeout, config: own }: RigOptions,
): Promise<Rig> {
  withTestKeys(t)
  const settings = testSettings({ id: name })
  const { clock } = settings
  const destination = await destinations[name]!(t, () => clock.now())
  const { default: factory } = await components.exporter[name]!()
  if (factory.kind !== 'exporter') throw new Error(`${name} is no exporter`)
  const { signal } = destination
  const config = v.parse(factory.config as v.GenericSchema, {
    ...destination.config,
    ...own,
    timeout: timeout ?? '1h',
    [RETRY[name] ?? 'retry_on_failure']: { initial_interval: '5s', max_interval: '30s', ...retry },
    [QUEUE[name] ?? 'sending_queue']: { num_consumers: 2, ...destination.queue, ...queue },
  })
  const exporter = factory.create(config, settings)
  await exporter.start?.(testHost())
  let isStopped = false
  const stop = async (abort = new AbortController().signal): Promise<void> => {
    if (isStopped) return
    isStopped = true
    await exporter.stop?.(abort)
  }
  t.teardown(() => stop(AbortSignal.abort()))
  const ledger = settings.ledger(signal)
  const check = (): void => {
    const { enteredItems, createdItems, outItems, droppedItems, mergedItems, refusedItems, held } = ledger
    const gone = outItems + droppedItems + mergedItems + refusedItems
    if (enteredItems + createdItems !== gone + held || held < 0)
      t.fail(`${enteredItems} + ${createdItems} are not ${gone} + ${held}`)
  }
  return {
    destination,
    settings,
    ledger,
    stop,
    async send(numbers, timeOf = () => clock.now()) {
      const batch = decodeOtlpJson(signal, Buffer.from(JSON.stringify(numbered[signal](numbers, timeOf))))
      ledger.entered(batch.items)
      try {
        await (exporter.consumers[signal] as Consume)(batch, testContext())
        return true
      } catch {
        ledger.refused(batch.items)
        return false
      }
    },
    async until(isSo, stepMs = 1000) {
      while (!isSo()) {
        check()
        await clock.advance(stepMs)
      }
      check()
    },
  }
}
