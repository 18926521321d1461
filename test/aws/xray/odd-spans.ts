// Spans at random, most of them odd, and resources.
import { resource as resourceNames } from '../../../src/aws/xray/attributes.ts'
import { segmentKeys } from '../../../src/aws/xray/segment-keys.ts'
import type { Random } from '../../data/random.ts'
import { kinds, type TestSpan, type Value, type Values } from './segments.ts'

const texts = [
  '',
  'GET',
  'https://shop.example.com:8080/a?b=c',
  'shop.example.com',
  '10.0.0.1',
  '2001:db8::1',
  'mysql',
  'aws-api',
  'AWS.SDK.S3',
  'LOCAL_ROOT',
  'RECEIVED',
  '{"a":{"b":[1,null]}}',
  '{"a":',
  '200',
  'a "quoted"\n\u0001\\ text',
  'ünïcödé ✓ 𝄞',
  '\ufffd half',
  'x'.repeat(1500),
  '€'.repeat(400),
]
export const values: readonly Value[] = [
  ...texts,
  0,
  200,
  404,
  429,
  503,
  -1,
  9007199254740993n,
  { double: 1.5 },
  { double: Number.NaN },
  { double: Number.POSITIVE_INFINITY },
  true,
  false,
  null,
  [],
  ['a', 'b'],
  ['a', 1, null, { double: 0.1 }],
  { map: { a: 1, 'b"': ['x'] } },
  Buffer.from([0, 255, 16]),
]
const otherKeys = [
  'a',
  'b-c',
  'b_c',
  'ключ',
  '',
  'k'.repeat(600),
  'aws.xray.metadata.default',
  'aws.xray.metadata.shop',
  'app.total',
  '__proto__',
]
const stacks = [
  'E: x\n\tat a.B.c(D.java:12)\nCaused by: F: y\n\tat g(H.java:1)',
  'Traceback (most recent call last):\n  File "a.py", line 1, in b\nE: x',
  'E\n    at a (b.js:1:2)',
  'nothing known',
]

export function spanFrom(random: Random, index: number): TestSpan {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const keys = segmentKeys.filter((key) => key !== 'aws.xray.name')
  const start = BigInt(random(4)) * 1_000_000_000n + BigInt(random(1_000_000_000))
  const end =
    random(8) === 0 ? 0n : start + BigInt(random(2_000_000_000)) - BigInt(random(10) === 0 ? 1_500_000_000 : 0)
  const many = random(40) === 0 ? 80 : random(14)
  const attributes: Record<string, Value> = {}
  for (let i = 0; i < many; i++) {
    const key = random(3) === 0 ? `${pick(otherKeys)}${random(3) === 0 ? i : ''}` : pick(keys)
    Object.defineProperty(attributes, key, {
      value: pick(values),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  if (random(100) === 0) attributes.large = 'ü"'.repeat(30_000)
  if (random(6) === 0)
    attributes['aws.xray.annotations'] = [...Object.keys(attributes).slice(0, 3), 'otel.resource.team']
  return {
    kind: pick(Object.keys(kinds) as (keyof typeof kinds)[]),
    name: pick(texts),
    traceId: random(50) === 0 ? '' : (index + 1).toString(16).padStart(32, '0'),
    spanId: (index + 1).toString(16).padStart(16, '0'),
    parentId: random(3) === 0 ? '' : '53995c3f42cd8ad8',
    start: 1_720_000_000_000_000_000n + start,
    end: end <= 0n ? 0n : 1_720_000_000_000_000_000n + end,
    attributes,
    status: { code: pick([0, 1, 2] as const), message: pick(texts) },
    events: Array.from({ length: random(3) }, () => ({
      name: pick(['exception', 'exception', 'message', 'HTTP request failure', 'cache']),
      attributes: {
        'exception.type': pick(texts),
        'exception.message': pick(values),
        ...(random(2) === 0 && { 'exception.stacktrace': pick(stacks) }),
        'http.response.status_code': pick(values),
        'aws.http.error_message': pick(values),
        more: pick(values),
      },
    })),
    links: Array.from({ length: random(3) }, () => ({
      traceId: random(5) === 0 ? '' : 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      attributes: { a: pick(values) },
    })),
  }
}

export function resourceFrom(random: Random): Values {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const resource: Record<string, Value> = {}
  for (const name of Object.values(resourceNames)) if (random(4) === 0) resource[name] = pick(values)
  if (random(2) === 0) resource['cloud.provider'] = pick(['aws', 'gcp'])
  if (random(2) === 0) resource['cloud.platform'] = pick(['aws_ecs', 'aws_ec2', 'aws_eks', 'aws_elastic_beanstalk'])
  if (random(3) === 0) resource.team = pick(values)
  return resource
}
