// Answers for single items, thousands of them and no two alike: some are taken, some later, some never, and in between the whole
// request is throttled, refused or answered with nonsense. Each item arrives once, or is counted once with its reason (F21, G11).
import { test } from 'tap'
import { seeded } from '../data/random.ts'
import { AHEAD_MS, type Fate } from './destinations.ts'
import { startRig } from './rig.ts'

/** Of each service: 10,000 in all. */
const ANSWERS = 2000
/** Beyond it the sender waits. */
const MOST_HELD = 600
/** Once in so many. */
const NEVER = 11

/** Those that answer for single items; with the reason for what they never take, if there is such a thing. */
const services: Readonly<Record<string, string | undefined>> = {
  awsxray: 'invalid_name',
  awscloudwatchlogs: 'too_new',
  awskinesisfirehose: undefined,
  opensearch: 'mapping_error',
  elasticsearch: 'mapping_error',
}

for (const [name, reason] of Object.entries(services))
  test(`${name}: ${ANSWERS} mixed answers, and each item is there once or counted once (F21, G11)`, async (t) => {
    const rig = await startRig(t, name, {
      queue: { num_consumers: 4, queue_size: 10_000_000 },
      retry: { initial_interval: '100ms', max_interval: '200ms', max_elapsed_time: '0s' },
    })
    const { destination, settings, ledger } = rig
    const { clock } = settings
    const random = seeded(11)
    const isNever = (number: number): boolean => reason !== undefined && number % NEVER === 0
    let isOver = false
    const fate: Fate = (number) => {
      if (isNever(number)) return 'never'
      return !isOver && random(3) === 0 ? 'later' : 'now'
    }
    // CloudWatch Logs goes by the times of events, and answers with ranges of them.
    const timeOf = (number: number): number => clock.now() + (isNever(number) ? AHEAD_MS : -random(1000))
    destination.partly.begin(fate)
    let next = 1
    while (destination.answers() < ANSWERS) {
      if (ledger.held < MOST_HELD) {
        const numbers = Array.from({ length: 1 + random(40) }, () => next++)
        if (!(await rig.send(numbers, timeOf))) t.fail('it was refused')
      }
      destination.say(random(10) === 0 ? destination.sayings[random(destination.sayings.length)]! : 'nothing special')
      let steps = 0
      await rig.until(() => steps++ === 1, 100)
    }
    isOver = true
    destination.say('nothing special')
    await rig.until(() => ledger.held === 0, 100)
    const sent = Array.from({ length: next - 1 }, (_, i) => i + 1)
    const never = sent.filter(isNever).length
    const taken = destination.taken()
    t.strictSame(
      taken.toSorted((a, b) => a - b),
      sent.filter((number) => !isNever(number)),
    )
    t.strictSame(Object.fromEntries(ledger.droppedByReason), reason === undefined ? {} : { [reason]: never })
    t.equal(ledger.outItems, sent.length - never)
    t.ok(sent.length > ANSWERS, `${sent.length} items`)
    t.equal(settings.memory.heldBytes, 0)
    t.strictSame(destination.violations(), [])
    await rig.stop()
  })
