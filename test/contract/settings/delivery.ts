// `sending_queue`, `retry_on_failure` and `timeout`.
import { type Driven, SIGNALS } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { until } from '../../kit/until.ts'
import { give } from '../driven.ts'
import { type Change, type Changes, under } from './change.ts'

const heldBy = ['test/delivery/']

/** `isOn`: whether the queue is, without a word about it. */
export const queueChanges = (isOn: boolean): Changes => ({
  'sending_queue.enabled': {
    value: !isOn,
    change: isOn ? 'a sender waits for each delivery' : 'batches are acknowledged by a queue',
    heldBy,
  },
  ...under(
    'sending_queue',
    {
      num_consumers: { value: 3, change: 'so many batches are on their way at the same time' },
      queue_size: { value: 77, change: 'the queue refuses beyond it' },
      sizer: { value: 'items', change: 'queue_size counts items' },
      block_on_overflow: { value: true, change: 'a full queue lets senders wait' },
      wait_for_result: { value: true, change: 'senders hear whether it was delivered' },
      storage: { value: 'file_storage', refused: /a queue on disk is not supported/ },
      ...under(
        'batch',
        {
          flush_timeout: { value: '1s', change: 'smaller batches leave after it' },
          min_size: { value: 100, change: 'a batch leaves when it has as much' },
          max_size: { value: 20_000, change: 'a batch has no more' },
          sizer: { value: 'bytes', change: 'min_size and max_size count bytes' },
          'partition.metadata_keys': { value: ['x-tenant'], change: 'batches of different tenants stay apart' },
        },
        { with: { sending_queue: { enabled: true, batch: {} } }, heldBy },
      ),
    },
    { with: { sending_queue: { enabled: true } }, heldBy },
  ),
})

/** `failing` makes the next delivery fail so that it is tried again. */
export const retryChanges = (
  isOn: boolean,
  failing: { readonly fail?: Change['use']; readonly with?: Change['with'] },
): Changes =>
  under(
    'retry_on_failure',
    {
      enabled: {
        value: !isOn,
        with: failing.with ?? {},
        change: isOn ? 'a failure is final' : 'a failure is followed by another attempt',
      },
      initial_interval: { value: '1s', change: 'the first wait' },
      randomization_factor: { value: 0.1, change: 'how far waits differ from each other' },
      multiplier: { value: 2, change: 'how fast waits grow' },
      max_interval: { value: '10s', change: 'the longest wait' },
      max_elapsed_time: { value: '1m', change: 'when it is given up' },
    },
    {
      with: (scene) => ({
        ...(typeof failing.with === 'function' ? failing.with(scene) : failing.with),
        retry_on_failure: { enabled: true },
      }),
      heldBy,
      async use(one, scene, config) {
        await failing.fail?.(one, scene, config)
        await one.start()
        const signal = SIGNALS.find((each) => one.consumers[each])!
        const sent = give(one.consumers, items[signal](2)).catch(() => {})
        await until(() => hasFailed(one))
        await one.stop()
        await sent
      },
    },
  )

const hasFailed = ({ settings }: Driven): boolean => settings.lines.some(({ message }) => message === 'export fails')

export const timeoutChange: Changes = {
  timeout: { value: '7s', change: 'an attempt that takes longer is given up', heldBy },
}
