// The destinations of the fan-out, each a strict emulator behind a line that can be bad; what they have taken is known by the
// numbers of items.
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { Signal } from '../../src/data/index.ts'
import { BulkEmulator } from '../emulator/bulk.ts'
import { FirehoseEmulator } from '../emulator/firehose.ts'
import { LogsService } from '../emulator/logs.ts'
import { MonitoringService, type StoredDatum } from '../emulator/monitoring.ts'
import { S3Emulator } from '../emulator/s3.ts'
import { AwsEmulator, EmulatedError, type Fault } from '../emulator/server.ts'
import { XrayService } from '../emulator/xray.ts'
import { type ReceivedWrite, destination as remoteWrite } from '../exporters/prometheusremotewrite/kit.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

/** What a destination says to every request, in place of taking it. */
export type Saying = 'nothing special' | 'throttled' | 'garbage' | 'broken' | 'expired'

export interface Destination {
  readonly signal: Signal
  readonly proxy: TcpProxy
  /** But for what all have. */
  readonly config: object
  /** Of its queue. */
  readonly queue?: object
  /** What it can say. */
  readonly sayings: readonly Saying[]
  say(saying: Saying): void
  readonly partly: Partly
  /** How often it has answered. */
  answers(): number
  /** The numbers of the items that it has taken, each as often as it has. */
  taken(): number[]
  violations(): readonly string[]
}

/** Part of the items is taken at once, part of them later, and part of them never. */
export interface Partly {
  /** Of what is never taken; undefined where there is no such thing. */
  readonly reason?: string
  /** `fate` counts where the protocol answers for single items; it is asked each time that one comes. */
  begin(fate?: Fate): void
  end(): void
}

export type Fate = (number: number) => 'now' | 'later' | 'never'

/** Items of a request, which are numbered on from a multiple of 3: one of each kind. */
export const isNeverTaken = (number: number): boolean => number % 3 === 1
const isTakenLater = (number: number): boolean => number % 3 === 2

/** How far ahead of those of the others the times of those items are that are never to be taken. */
export const AHEAD_MS = 3_600_000

/** `item 17` in a text. */
const numbersIn = (text: string): number[] => [...text.matchAll(/item (\d+)/g)].map(([, digits]) => Number(digits))

/** What time it is there: of the test's clock, or the real one. */
type Now = () => number

/** How the settings are called that nearly all have under one name. */
export const RETRY: Readonly<Record<string, string>> = { elasticsearch: 'retry' }
export const QUEUE: Readonly<Record<string, string>> = { prometheusremotewrite: 'remote_write_queue' }

export const destinations: Readonly<Record<string, (t: Test, now?: Now) => Promise<Destination>>> = {
  async awscloudwatch(t, now = Date.now) {
    const service = new MonitoringService(now)
    const aws = await AwsEmulator.start(t, service.options)
    const line = await lineTo(t, aws.port)
    const later = new Later()
    const numbersOf = (data: readonly StoredDatum[]): number[] =>
      data.flatMap(({ dimensions }) => numbersIn(dimensions.join()))
    return {
      signal: 'metrics',
      proxy: line.proxy,
      config: { region: aws.region, endpoint: line.url, force_flush_interval: '20ms' },
      ...answersOf(aws),
      partly: {
        reason: 'invalid_request',
        begin() {
          service.beforeTaking = (data) => {
            const numbers = numbersOf(data)
            const bad = numbers.findIndex(isNeverTaken) + 1
            if (bad > 0)
              throw new EmulatedError('InvalidParameterValue', `The value of MetricData.member.${bad} is not valid`)
            if (!later.areNow(numbers)) throw new EmulatedError('ThrottlingException', 'Rate exceeded')
          }
        },
        end() {
          service.beforeTaking = () => {}
        },
      },
      taken: () => numbersOf(service.data),
    }
  },
  async awscloudwatchlogs(t, now) {
    const { service, base } = await logs(t, now)
    return {
      ...base,
      signal: 'logs',
      config: { ...base.config, log_group_name: '/shop', log_stream_name: 'all', raw_log: true },
      taken: () => [...service.events()].flatMap(({ message }) => numbersIn(message)),
    }
  },
  async awsemf(t, now) {
    const { service, base } = await logs(t, now)
    return {
      ...base,
      signal: 'metrics',
      config: { ...base.config, dimension_rollup_option: 'NoDimensionRollup' },
      taken: () => [...service.events()].flatMap(({ message }) => numbersIn(message)),
    }
  },
  async awsxray(t, now = Date.now) {
    const service = new XrayService(now)
    const aws = await AwsEmulator.start(t, service.options)
    const line = await lineTo(t, aws.port)
    const numberOf = (document: { readonly id: string }): number => Number.parseInt(document.id, 16)
    return {
      signal: 'traces',
      proxy: line.proxy,
      config: { region: aws.region, endpoint: line.url },
      ...answersOf(aws),
      partly: {
        reason: 'invalid_name',
        begin(fate = new Later().fate) {
          const refusals = {
            now: undefined,
            later: { ErrorCode: 'ThrottlingException' },
            never: { ErrorCode: 'InvalidName' },
          }
          service.refuse = (document) => refusals[fate(numberOf(document))]
        },
        end() {
          service.refuse = () => undefined
        },
      },
      taken: () => service.documents.map(numberOf),
    }
  },
  opensearch: (t) => search(t, 'opensearch'),
  elasticsearch: (t) => search(t, 'elasticsearch'),
  async prometheusremotewrite(t) {
    const server = await remoteWrite(t)
    const { port, pathname } = new URL(server.url)
    const line = await lineTo(t, Number(port))
    const later = new Later()
    let saying: Saying = 'nothing special'
    let isPartly = false
    let answers = 0
    const answer = (response: ServerResponse, status: number, body = 'no', type = 'text/plain'): true => {
      response.writeHead(status, { 'content-type': type }).end(body)
      return true
    }
    server.answer = (write, response) => {
      answers++
      if (saying === 'throttled') return answer(response, 429)
      if (saying === 'broken') return answer(response, 500, GARBAGE)
      if (saying === 'garbage') return answer(response, 200, GARBAGE, 'text/html')
      if (!isPartly) return false
      const numbers = numbersOf(write)
      if (numbers.some(isNeverTaken)) return answer(response, 400, 'out of bounds')
      return later.areNow(numbers) ? false : answer(response, 429)
    }
    return {
      signal: 'metrics',
      proxy: line.proxy,
      config: { endpoint: `${line.url}${pathname}` },
      sayings: ['throttled', 'garbage', 'broken'],
      say(next) {
        saying = next
      },
      partly: {
        reason: 'http_400',
        begin() {
          isPartly = true
        },
        end() {
          isPartly = false
        },
      },
      answers: () => answers,
      taken: () => server.writes.flatMap(numbersOf),
      violations: () => server.violations,
    }
  },
  async awss3(t, now = Date.now) {
    const s3 = await S3Emulator.start(t, { now })
    const line = await lineTo(t, s3.aws.port)
    return {
      signal: 'logs',
      proxy: line.proxy,
      config: {
        s3uploader: { region: s3.aws.region, endpoint: line.url, s3_bucket: 'archive' },
        marshaler: 'json_lines',
      },
      ...answersOf(s3.aws),
      // An object is there or it is not.
      partly: {
        begin() {
          s3.aws.faults.push('throttled', undefined, { status: 503 }, 'reset')
        },
        end() {},
      },
      taken: () => s3.stored.flatMap(({ body }) => numbersIn(body.toString())),
    }
  },
  async awskinesisfirehose(t, now = Date.now) {
    const firehose = await FirehoseEmulator.start(t, { now })
    const line = await lineTo(t, firehose.aws.port)
    return {
      signal: 'logs',
      proxy: line.proxy,
      config: { region: firehose.aws.region, endpoint: line.url, delivery_stream: 'logs', pack_records: false },
      ...answersOf(firehose.aws),
      partly: {
        // There is no record that it never takes.
        begin(fate = new Later().fate) {
          firehose.refuse = (_, data) =>
            fate(numbersIn(data.toString())[0]!) === 'later' ? 'ServiceUnavailableException' : undefined
        },
        end() {
          firehose.refuse = () => undefined
        },
      },
      taken: () => numbersIn(firehose.text),
    }
  },
}

const GARBAGE = '<html><h1>Welcome to the guest network</h1>{"half": '

async function lineTo(t: Test, port: number): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const proxy = await new TcpProxy(port).start()
  t.teardown(() => proxy.stop())
  return { proxy, url: `http://127.0.0.1:${proxy.port}` }
}

const faultsOf: Readonly<Record<Exclude<Saying, 'nothing special'>, Fault>> = {
  throttled: 'throttled',
  garbage: { status: 200, body: GARBAGE },
  broken: { status: 500, body: GARBAGE },
  expired: 'expired',
}

function answersOf(aws: AwsEmulator): Pick<Destination, 'sayings' | 'say' | 'answers' | 'violations'> {
  return {
    sayings: ['throttled', 'garbage', 'broken', 'expired'],
    say(saying) {
      aws.fault = saying === 'nothing special' ? undefined : faultsOf[saying]
    },
    answers: () => aws.requests.length,
    violations: () => aws.violations,
  }
}

/** CloudWatch Logs, which takes what comes at most two hours early, by its own clock. */
async function logs(t: Test, now: Now = Date.now) {
  let behindMs = 0
  const service = new LogsService(() => now() - behindMs)
  const aws = await AwsEmulator.start(t, { ...service.options, now })
  const { proxy, url } = await lineTo(t, aws.port)
  const partly: Partly = {
    reason: 'too_new',
    begin() {
      behindMs = 2 * 3_600_000 - AHEAD_MS / 2
    },
    end() {
      behindMs = 0
    },
  }
  return { service, base: { proxy, config: { region: aws.region, endpoint: url }, partly, ...answersOf(aws) } }
}

async function search(t: Test, product: 'opensearch' | 'elasticsearch'): Promise<Destination> {
  const server = await BulkEmulator.start(t, product)
  const line = await lineTo(t, server.port)
  const numberOf = (source: unknown): number => numbersIn(JSON.stringify(source))[0]!
  const faults = {
    throttled: { status: 429 },
    garbage: { status: 200, body: GARBAGE },
    broken: { status: 500, body: GARBAGE },
    expired: { status: 401 },
    'nothing special': undefined,
  }
  return {
    signal: 'logs',
    proxy: line.proxy,
    ...(product === 'opensearch'
      ? { config: { http: { endpoint: line.url } } }
      : { config: { endpoint: line.url }, queue: { batch: { flush_timeout: '20ms' } } }),
    sayings: ['throttled', 'garbage', 'broken'],
    say(saying) {
      server.fault = faults[saying]
    },
    partly: {
      reason: 'mapping_error',
      begin(fate = new Later().fate) {
        const refusals = {
          now: undefined,
          later: { status: 429, type: 'es_rejected_execution_exception' },
          never: { status: 400, type: 'mapper_parsing_exception' },
        }
        server.refuse = ({ source }) => refusals[fate(numberOf(source))]
      },
      end() {
        server.refuse = () => undefined
      },
    },
    answers: () => server.requests.length,
    taken: () => server.documents.map(({ source }) => numberOf(source)),
    violations: () => server.violations,
  }
}

const numbersOf = (write: ReceivedWrite): number[] =>
  write.series.filter(({ samples }) => samples.length > 0).flatMap(({ name }) => numbersIn(name))

/** Items that are taken when they come again. */
class Later {
  readonly #seen = new Set<number>()

  isNow(number: number): boolean {
    if (!isTakenLater(number) || this.#seen.has(number)) return true
    this.#seen.add(number)
    return false
  }

  /** Where some are never taken. */
  readonly fate: Fate = (number) => {
    if (isNeverTaken(number)) return 'never'
    return this.isNow(number) ? 'now' : 'later'
  }

  /** All of them. */
  areNow(numbers: readonly number[]): boolean {
    return numbers.filter((number) => !this.isNow(number)).length === 0
  }
}
