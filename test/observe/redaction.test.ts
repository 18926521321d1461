import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { HealthRegistry } from '../../src/observe/health.ts'
import { createLogger, type LogLine } from '../../src/observe/log.ts'
import { createRedaction, NO_REDACTION } from '../../src/observe/redaction.ts'
import { redactSpans } from '../../src/observe/spans.ts'
import { FakeClock } from '../../src/testing/index.ts'

const SECRETS = ['canary-1', 'canary"quoted\nline', 'ca+na/ry=(.*)[x]', '47114711', 'canary-1-longer']

test('known secrets are taken out of texts, as they are, as JSON and as a URL has them', async (t) => {
  const { text } = createRedaction(SECRETS)
  t.equal(text('<canary-1> <canary-1-longer>'), '<[REDACTED]> <[REDACTED]>')
  t.equal(text(JSON.stringify({ a: SECRETS[1] })), '{"a":"[REDACTED]"}')
  t.equal(text(`https://h/?k=${encodeURIComponent(SECRETS[2]!)}&${SECRETS[2]}`), 'https://h/?k=[REDACTED]&[REDACTED]')
  t.equal(text('ca+na/ry=(xx)x'), 'ca+na/ry=(xx)x', 'no pattern')
})

test('known secrets are taken out of values, however deep', async (t) => {
  const { value } = createRedaction(SECRETS)
  const circle: Record<string, unknown> = { a: 'canary-1' }
  circle.circle = circle
  t.notMatch(JSON.stringify(value(circle)), /canary/)
  t.same(value([1, true, null, undefined, 47_114_711, 47_114_711n, { 'canary-1': ['x canary-1', new Date(0)] }]), [
    1,
    true,
    null,
    undefined,
    '[REDACTED]',
    '[REDACTED]',
    { '[REDACTED]': ['x [REDACTED]', '1970-01-01T00:00:00.000Z'] },
  ])
  t.equal(createRedaction([]), NO_REDACTION)
  t.equal(createRedaction(['']), NO_REDACTION)
})

test('no line of the log has a known secret in it, in its message, its fields or its stack', async (t) => {
  for (const encoding of ['json', 'console']) {
    const path = join(t.testdir(), 'agent.log')
    const settings = v.parse(telemetrySettings, {
      logs: {
        encoding,
        output_paths: [path],
        initial_fields: { first: 'canary-1' },
        level: 'debug',
        development: true,
      },
    }).logs
    const heard: LogLine[] = []
    const log = createLogger(settings, {
      clock: new FakeClock(),
      redaction: createRedaction(SECRETS),
      onLine: (line) => heard.push(line),
    })
    for (const secret of SECRETS) {
      const error = new TypeError(`no ${secret}`, { cause: new Error(`why ${secret}`) })
      log.child({ [secret]: secret, deep: [{ secret }] }).error(`message ${secret}`, {
        text: secret,
        url: `https://u:${encodeURIComponent(secret)}@host/${encodeURIComponent(secret)}`,
        error,
        nested: { a: [secret] },
        set: new Set([secret]),
        long: 'x'.repeat(8185) + secret,
        number: 47_114_711,
      })
    }
    await log.close()
    const written = readFileSync(path, 'utf8')
    t.notMatch(written + JSON.stringify(heard), /canary|ca\+na|4711|ca%2B/)
    t.equal(heard.length, SECRETS.length)
    t.match(written, /message \[REDACTED\]/)
    if (encoding === 'json')
      t.doesNotThrow(() =>
        written
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      )
  }
})

test('nor has what the health of a component says, nor a span', async (t) => {
  const redaction = createRedaction(SECRETS)
  const health = new HealthRegistry(new FakeClock(), undefined, redaction)
  health.report('exporter', 'x', undefined, 'failed', 'no answer of canary-1')
  t.equal(health.components()[0]?.reason, 'no answer of [REDACTED]')
  const said: unknown[] = []
  const spans = {
    begin(name: string, of: object) {
      said.push(name, of)
      return (...more: unknown[]): void => void said.push(more)
    },
    stop: async () => {},
  }
  const end = redactSpans(spans, redaction).begin('POST', { kind: 'client', attributes: { url: 'canary-1', n: 1 } })
  end({ b: 'canary-1' }, 'canary-1')
  t.notMatch(JSON.stringify(said), /canary/)
  t.equal(redactSpans(spans, NO_REDACTION), spans)
})
