// Metrics that make no sense, through a whole agent to every format: what cannot be shown is counted with its reason, and the
// page of the prometheus exporter can always be read (rows 68 to 78 of the bad inputs).
import { test } from 'tap'
import { encoded, type Plain } from '../data/random.ts'
import { ownAccounts } from '../kit/own-accounts.ts'
import { attribute, rig, settled } from './rig.ts'

const metric = (of: Plain): Plain => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [of] }] }] })
const DAY = 86_400_000_000_000n
const now = BigInt(Date.now()) * 1_000_000n
const times = { startTimeUnixNano: String(now - DAY), timeUnixNano: String(now) }

test('points that contradict themselves, and numbers out of all measure', async (t) => {
  const { agent, post, isAsGoodAsBefore } = await rig(t)
  const histogram = (point: Plain): Plain => ({
    name: 'h',
    histogram: { aggregationTemporality: 2, dataPoints: [{ ...times, ...point }] },
  })
  const exponential = (point: Plain): Plain => ({
    name: 'e',
    exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ ...times, ...point }] },
  })
  const rows: readonly (readonly [string, Plain])[] = [
    [
      '68 more buckets than bounds ask for',
      histogram({ count: '3', bucketCounts: ['1', '1', '1'], explicitBounds: [1] }),
    ],
    ['69 bounds out of order', histogram({ count: '3', bucketCounts: ['1', '1', '1'], explicitBounds: [2, 1] })],
    ['69 a bound that is no number', histogram({ count: '2', bucketCounts: ['1', '1'], explicitBounds: [Number.NaN] })],
    ['70 counts that do not add up', histogram({ count: '9', bucketCounts: ['1', '1'], explicitBounds: [1] })],
    ['71 a scale of 1000', exponential({ count: '1', scale: 1000, positive: { offset: 0, bucketCounts: ['1'] } })],
    [
      '71 an offset of 2^31 - 1',
      exponential({ count: '1', scale: 0, positive: { offset: 2 ** 31 - 1, bucketCounts: ['1'] } }),
    ],
    [
      '71 an offset of -2^31',
      exponential({ count: '1', scale: -10, positive: { offset: -(2 ** 31), bucketCounts: ['1'] } }),
    ],
    [
      '72 hundreds of thousands of buckets',
      exponential({ count: '300000', scale: 20, positive: { offset: 0, bucketCounts: Array(300_000).fill('1') } }),
    ],
    [
      '73 a start after the end',
      {
        name: 's',
        sum: {
          isMonotonic: true,
          aggregationTemporality: 2,
          dataPoints: [{ startTimeUnixNano: String(now), timeUnixNano: String(now - DAY), asInt: '1' }],
        },
      },
    ],
    [
      '74 quantiles of 1.5 and NaN',
      {
        name: 'q',
        summary: {
          dataPoints: [
            {
              ...times,
              count: '1',
              sum: 1,
              quantileValues: [
                { quantile: 1.5, value: 1 },
                { quantile: Number.NaN, value: 1 },
              ],
            },
          ],
        },
      },
    ],
    [
      '75 no numbers',
      {
        name: 'g',
        gauge: {
          dataPoints: [Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 361)].map((asDouble, i) => ({
            ...times,
            asDouble,
            attributes: [attribute('i', String(i))],
          })),
        },
      },
    ],
    [
      '76 a unit and a name of 10 KB',
      { name: 'n'.repeat(10_000), unit: 'u'.repeat(10_000), gauge: { dataPoints: [{ ...times, asInt: '1' }] } },
    ],
    [
      '78 thousands of label sets',
      {
        name: 'many',
        gauge: {
          dataPoints: Array.from({ length: 5_000 }, (_, i) => ({
            ...times,
            asInt: String(i),
            attributes: [attribute('i', String(i))],
          })),
        },
      },
    ],
    [
      'a time that never was',
      { name: 't', gauge: { dataPoints: [{ timeUnixNano: '18446744073709551615', asInt: '1' }] } },
    ],
  ]
  const page = agent.endpoints('exporter prometheus')[0]!
  const good = { name: 'good', gauge: { dataPoints: [{ ...times, asInt: '1' }] } }
  t.equal(await post('metrics', encoded('metrics', metric(good))), 200)
  for (const [name, one] of rows) {
    t.equal(await post('metrics', encoded('metrics', metric(one))), 200, name)
    await settled(t, agent)
    const answer = await fetch(page)
    t.equal(answer.status, 200, `${name}: the page can be read`)
    t.match(await answer.text(), /^good\{.*\} 1$/m, `${name}: with what is good on it`)
  }
  const { dropped } = (await ownAccounts(agent)).get('exporter prometheus metrics')!
  t.ok(Object.values(dropped).reduce((sum, one) => sum + one) >= 8, JSON.stringify(dropped))
  await isAsGoodAsBefore()
  t.equal((await agent.end()).code, 0)
})
