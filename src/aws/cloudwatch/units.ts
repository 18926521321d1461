// Units of OpenTelemetry, which are UCUM's (https://ucum.org), as units of CloudWatch.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html

/** All that CloudWatch knows. */
export const cloudWatchUnits = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
  'Percent',
  'Count',
  'Bytes/Second',
  'Kilobytes/Second',
  'Megabytes/Second',
  'Gigabytes/Second',
  'Terabytes/Second',
  'Bits/Second',
  'Kilobits/Second',
  'Megabits/Second',
  'Gigabits/Second',
  'Terabits/Second',
  'Count/Second',
  'None',
] as const
export type CloudWatchUnit = (typeof cloudWatchUnits)[number]

export interface Conversion {
  readonly unit: CloudWatchUnit
  /** A value in the one unit times this is a value in the other. */
  readonly factor: number
}

/** `None` for what CloudWatch has no unit for. Upper and lower case differ, as in UCUM, but for CloudWatch's own names. */
export function toCloudWatchUnit(unit: string): Conversion {
  return known.get(unit) ?? own.get(unit.toLowerCase()) ?? composed(unit)
}

const NONE: Conversion = { unit: 'None', factor: 1 }
const COUNT: Conversion = { unit: 'Count', factor: 1 }
const COUNT_PER_SECOND: Conversion = { unit: 'Count/Second', factor: 1 }

/** `{request}` counts requests, `{request}/s` does so in a second; a word in braces behind a unit says nothing about it. */
function composed(unit: string): Conversion {
  if (/^1?\{[^{}]*\}$/.test(unit)) return COUNT
  if (/^(1|1?\{[^{}]*\})\/s(\{[^{}]*\})?$/.test(unit)) return COUNT_PER_SECOND
  const bare = unit.replaceAll(/\{[^{}]*\}/g, '')
  return (bare === unit ? undefined : known.get(bare)) ?? NONE
}

/** CloudWatch's own names, in lower case. */
const own = new Map(cloudWatchUnits.map((unit) => [unit.toLowerCase(), { unit, factor: 1 }]))

/** Everything else. */
const known = new Map<string, Conversion>([
  ['', NONE],
  ['1', NONE],
  ['%', { unit: 'Percent', factor: 1 }],
  ['s', { unit: 'Seconds', factor: 1 }],
  ['ms', { unit: 'Milliseconds', factor: 1 }],
  ['us', { unit: 'Microseconds', factor: 1 }],
  ['ns', { unit: 'Microseconds', factor: 1e-3 }],
  ['min', { unit: 'Seconds', factor: 60 }],
  ['h', { unit: 'Seconds', factor: 3600 }],
  ['d', { unit: 'Seconds', factor: 86_400 }],
])

/** Prefixes by what CloudWatch's units begin with; the other spellings are the CloudWatch agent's. */
const sizes: readonly (readonly [prefixes: readonly string[], binary: string | undefined, name: string])[] = [
  [[''], undefined, ''],
  [['k', 'K'], 'Ki', 'kilo'],
  [['M'], 'Mi', 'mega'],
  [['G'], 'Gi', 'giga'],
  [['T'], 'Ti', 'tera'],
]
for (const [power, [prefixes, binary, name]] of sizes.entries())
  for (const [symbols, what] of [
    [['By', 'B'], 'bytes'],
    [['bit', 'Bi'], 'bits'],
  ] as const)
    for (const [suffix, rate] of [
      ['', ''],
      ['/s', '/second'],
    ] as const) {
      const { unit } = own.get(`${name}${what}${rate}`)!
      for (const symbol of symbols) {
        for (const prefix of prefixes) known.set(`${prefix}${symbol}${suffix}`, { unit, factor: 1 })
        // CloudWatch's kilobytes are a thousand bytes.
        if (binary !== undefined && symbol !== 'Bi')
          known.set(`${binary}${symbol}${suffix}`, { unit, factor: (1024 / 1000) ** power })
      }
    }
