// PutMetricData, as strict as AWS: a call that breaks a limit is refused whole, and noted. What is taken can be looked at.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html, API_MetricDatum.html
import { StandardUnit } from '@aws-sdk/client-cloudwatch'
import { EmulatedError, type EmulatedRequest, type EmulatorOptions } from './server.ts'

const MAX_BYTES = 1_000_000
const MAX_DATA = 1000
const MAX_VALUES = 150
const MAX_DIMENSIONS = 30
const HOUR_MS = 3_600_000
const MAX_AGE_MS = 14 * 24 * HOUR_MS
const MAX_AHEAD_MS = 2 * HOUR_MS
const ASCII = /^[\x20-\x7e]+$/
const NAMESPACE = /^[^:][A-Za-z0-9 ._#:/-]{0,254}$/
const KEYS: readonly string[] = [
  'MetricName',
  'Dimensions',
  'Timestamp',
  'Unit',
  'StorageResolution',
  'Value',
  'Values',
  'Counts',
  'StatisticValues',
]
const units: readonly string[] = Object.values(StandardUnit)

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isValue = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= 2 ** 360

/** One that was taken. */
export interface StoredDatum {
  readonly namespace: string
  readonly name: string
  readonly unit: string
  /** `Name=Value`, sorted. */
  readonly dimensions: readonly string[]
  readonly timeMs: number
  readonly resolution: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Of values with counts. */
  readonly values: ReadonlyMap<number, number> | undefined
}

export class MonitoringService {
  readonly data: StoredDatum[] = []
  readonly violations: string[] = []
  /** Calls that were taken. */
  calls = 0
  /** Throws an `EmulatedError` to refuse what would be taken. */
  beforeTaking: (data: readonly StoredDatum[]) => void = () => {}
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** For `AwsEmulator`. */
  get options(): EmulatorOptions {
    return {
      service: 'monitoring',
      now: this.#now,
      operations: {
        PutMetricData: (request, emulator) => {
          const before = this.violations.length
          try {
            this.#put(request)
            return {}
          } finally {
            emulator.violations.push(...this.violations.slice(before))
          }
        },
      },
    }
  }

  #put(request: EmulatedRequest): void {
    if (request.body.length > MAX_BYTES) throw this.#invalid(`the body has ${request.body.length} bytes`)
    const body = request.json()
    if (!isFields(body)) throw this.#invalid('the body is no object')
    const { Namespace: namespace, MetricData: data, ...more } = body
    if (Object.keys(more).length > 0) throw this.#invalid(`${Object.keys(more)} is not known`)
    if (typeof namespace !== 'string' || !NAMESPACE.test(namespace) || namespace.startsWith('AWS/'))
      throw this.#invalid(`Namespace ${namespace}`)
    if (!Array.isArray(data) || data.length === 0) throw this.#invalid('MetricData is empty')
    if (data.length > MAX_DATA) throw this.#invalid(`MetricData has ${data.length} members`)
    const taken = data.map((datum: unknown, i) => this.#datum(namespace, datum, `MetricData.member.${i + 1}`))
    this.beforeTaking(taken)
    this.calls++
    this.data.push(...taken)
  }

  #datum(namespace: string, datum: unknown, at: string): StoredDatum {
    if (!isFields(datum)) throw this.#invalid(`${at} is no object`)
    const unknown = Object.keys(datum).filter((key) => !KEYS.includes(key))
    if (unknown.length > 0) throw this.#invalid(`${at}: ${unknown} is not known`)
    const { MetricName, Dimensions = [], Timestamp, Unit = 'None', StorageResolution = 60 } = datum
    this.#check(isName(MetricName, 255), `${at}.MetricName ${MetricName}`)
    this.#check(units.includes(String(Unit)), `${at}.Unit ${Unit}`)
    this.#check(StorageResolution === 1 || StorageResolution === 60, `${at}.StorageResolution ${StorageResolution}`)
    const timeMs = typeof Timestamp === 'number' ? Timestamp * 1000 : Number.NaN
    const now = this.#now()
    this.#check(timeMs >= now - MAX_AGE_MS && timeMs <= now + MAX_AHEAD_MS, `${at}.Timestamp ${Timestamp}`)
    return {
      namespace,
      name: String(MetricName),
      unit: String(Unit),
      dimensions: this.#dimensions(Dimensions, at),
      timeMs,
      resolution: Number(StorageResolution),
      ...this.#values(datum, at),
    }
  }

  #dimensions(dimensions: unknown, at: string): string[] {
    if (!Array.isArray(dimensions)) throw this.#invalid(`${at}.Dimensions is no list`)
    this.#check(dimensions.length <= MAX_DIMENSIONS, `${at}.Dimensions has ${dimensions.length} members`)
    const pairs = dimensions.map((dimension: unknown, i) => {
      const { Name, Value } = isFields(dimension) ? dimension : {}
      const isFit = isName(Name, 255) && !String(Name).startsWith(':') && isName(Value, 1024)
      this.#check(isFit, `${at}.Dimensions.member.${i + 1} ${Name}: ${Value}`)
      return `${Name}=${Value}`
    })
    const names = pairs.map((pair) => pair.split('=')[0])
    this.#check(new Set(names).size === names.length, `${at}.Dimensions has a name twice`)
    return pairs.toSorted()
  }

  #values(datum: Fields, at: string): Pick<StoredDatum, 'count' | 'sum' | 'min' | 'max' | 'values'> {
    const { Value, Values, Counts, StatisticValues } = datum
    if (Value !== undefined) {
      this.#check(isValue(Value), `${at}.Value ${Value}`)
      this.#check(Values === undefined && StatisticValues === undefined, `${at} has Value and more`)
      const value = Number(Value)
      return { count: 1, sum: value, min: value, max: value, values: new Map([[value, 1]]) }
    }
    const ofValues = Values === undefined ? undefined : this.#valuesAndCounts(Values, Counts, at)
    const statistics = StatisticValues === undefined ? undefined : this.#statistics(StatisticValues, at)
    if (ofValues !== undefined && statistics !== undefined)
      this.#check(
        ofValues.count === statistics.count,
        `${at}: SampleCount ${statistics.count}, Counts ${ofValues.count}`,
      )
    const found = statistics ?? ofValues
    if (found === undefined) throw this.#invalid(`${at} has no value`)
    return { ...found, values: ofValues?.values }
  }

  #valuesAndCounts(values: unknown, counts: unknown, at: string) {
    if (!Array.isArray(values) || values.length === 0 || values.length > MAX_VALUES)
      throw this.#invalid(`${at}.Values ${Array.isArray(values) ? values.length : values}`)
    if (counts !== undefined && (!Array.isArray(counts) || counts.length !== values.length))
      throw this.#invalid(`${at}.Counts`)
    this.#check(values.every(isValue), `${at}.Values ${values}`)
    this.#check(new Set(values).size === values.length, `${at}.Values has one twice`)
    const times: unknown[] = counts ?? values.map(() => 1)
    this.#check(
      times.every((count) => isValue(count) && count > 0),
      `${at}.Counts ${times}`,
    )
    const pairs = values.map((value: number, i) => [value, Number(times[i])] as const)
    return {
      count: pairs.reduce((sum, [, count]) => sum + count, 0),
      sum: pairs.reduce((sum, [value, count]) => sum + value * count, 0),
      min: Math.min(...values),
      max: Math.max(...values),
      values: new Map(pairs),
    }
  }

  #statistics(statistics: unknown, at: string) {
    const { SampleCount, Sum, Minimum, Maximum } = isFields(statistics) ? statistics : {}
    if (!isValue(SampleCount) || !isValue(Sum) || !isValue(Minimum) || !isValue(Maximum))
      throw this.#invalid(`${at}.StatisticValues`)
    this.#check(SampleCount > 0 && Minimum <= Maximum, `${at}.StatisticValues ${JSON.stringify(statistics)}`)
    return { count: SampleCount, sum: Sum, min: Minimum, max: Maximum }
  }

  #check(isFine: boolean, problem: string): void {
    if (!isFine) throw this.#invalid(problem)
  }

  #invalid(problem: string): EmulatedError {
    this.violations.push(problem.slice(0, 300))
    return new EmulatedError('InvalidParameterValueException', `The parameter ${problem.slice(0, 300)} is not valid`)
  }
}

const isName = (text: unknown, most: number): boolean =>
  typeof text === 'string' && text.length <= most && ASCII.test(text) && text.trim() !== ''
