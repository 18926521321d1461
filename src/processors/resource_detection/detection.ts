// Runs the detectors and keeps what they have found. One for all pipelines that have the processor, since they are on one machine.
import { type Host, messageOf, type Settings } from '../../contract/index.ts'
import { type AnyValue, type Key, keyOf } from '../../data/index.ts'
import { type DetectorName, givenWithoutEffect, type ResourceDetectionConfig } from './config.ts'
import { AbsentError, type Around, type Detect, type Finding, nothing } from './detector.ts'
import { createDockerDetector } from './detectors/docker.ts'
import { createEc2Detector } from './detectors/ec2.ts'
import { createEcsDetector } from './detectors/ecs.ts'
import { createEksDetector } from './detectors/eks.ts'
import { createElasticBeanstalkDetector } from './detectors/elastic_beanstalk.ts'
import { createEnvDetector } from './detectors/env.ts'
import { createK8sApiDetector, createK8sNodeDetector } from './detectors/k8s_api.ts'
import { createLambdaDetector } from './detectors/lambda.ts'
import { createSystemDetector } from './detectors/system.ts'
import type { Machine } from './machine.ts'

const factories: Readonly<Record<DetectorName, (config: ResourceDetectionConfig, around: Around) => Detect>> = {
  env: createEnvDetector,
  system: createSystemDetector,
  docker: createDockerDetector,
  ec2: createEc2Detector,
  ecs: createEcsDetector,
  eks: createEksDetector,
  elastic_beanstalk: createElasticBeanstalkDetector,
  lambda: createLambdaDetector,
  k8s_api: createK8sApiDetector,
  k8snode: createK8sNodeDetector,
}

interface Detector {
  readonly name: DetectorName
  readonly isStrict: boolean
  readonly detect: Detect
}

/** What is set on every resource. */
export interface Detected {
  readonly attributes: readonly (readonly [key: Key, value: AnyValue])[]
  readonly schemaUrl: string
}

interface Round {
  readonly detected: Detected
  readonly failures: readonly { readonly detector: Detector; readonly error: unknown }[]
}

/** A pipeline that has the processor. */
interface Member {
  readonly host: Host
}

export class Detection {
  readonly #config: ResourceDetectionConfig
  readonly #settings: Settings
  readonly #detectors: readonly Detector[]
  readonly #members = new Set<Member>()
  #detected: Detected = { attributes: [], schemaUrl: '' }
  #first: Promise<Round> | undefined
  #abort = new AbortController()
  #cancelRefresh: () => void = () => {}

  constructor(config: ResourceDetectionConfig, settings: Settings, machine: Machine) {
    this.#config = config
    this.#settings = settings
    const { log, clock } = settings
    this.#detectors = config.detectors.map((name) => {
      const isStrict = config.fail_on_missing_metadata || (name === 'ec2' && config.ec2.fail_on_missing_metadata)
      return { name, isStrict, detect: factories[name](config, { machine, log, clock, settings, isStrict }) }
    })
  }

  /** Nothing until the first round has ended. */
  get detected(): Detected {
    return this.#detected
  }

  /**
   * Looks when the first one comes; everyone waits for it. Rejects when a detector that must find something has not.
   * `leave` belongs to whoever has come, also when that failed: the last one to leave ends it.
   */
  join(host: Host): { readonly ready: Promise<void>; leave(): void } {
    const member = { host }
    this.#members.add(member)
    if (this.#first === undefined) {
      this.#abort = new AbortController()
      this.#first = this.#begin()
    }
    return { ready: this.#await(this.#first, host), leave: () => this.#leave(member) }
  }

  async #await(first: Promise<Round>, host: Host): Promise<void> {
    const { failures } = await first
    this.#report(host, failures)
    const fatal = failures.find(({ detector }) => detector.isStrict)
    if (fatal !== undefined)
      throw new Error(`detector ${fatal.detector.name}: ${messageOf(fatal.error)} (fail_on_missing_metadata is set)`, {
        cause: fatal.error,
      })
  }

  #leave(member: Member): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return
    this.#cancelRefresh()
    this.#abort.abort()
    this.#first = undefined
  }

  async #begin(): Promise<Round> {
    const { log } = this.#settings
    const given = givenWithoutEffect(this.#config)
    if (given.length > 0)
      log.info('settings have no effect', { settings: given, why: 'metadata services are asked directly' })
    const round = await this.#look()
    this.#detected = round.detected
    log.info('resource detected', {
      attributes: Object.fromEntries(round.detected.attributes.map(([key, value]) => [key.text, value])),
    })
    this.#refreshLater()
    return round
  }

  #refreshLater(): void {
    const { refresh_interval } = this.#config
    if (refresh_interval === 0 || this.#abort.signal.aborted) return
    this.#cancelRefresh = this.#settings.clock.after(refresh_interval, () => void this.#refresh())
  }

  /** What was found before stays when a detector fails: a service that is down for a while changes nothing about us. */
  async #refresh(): Promise<void> {
    const { failures, detected } = await this.#look()
    if (this.#abort.signal.aborted) return
    if (failures.length === 0 || this.#detected.attributes.length === 0) this.#detected = detected
    for (const { host } of this.#members) this.#report(host, failures)
    this.#refreshLater()
  }

  #report(host: Host, failures: Round['failures']): void {
    if (failures.length === 0) return host.report('ok')
    const names = failures.map(({ detector }) => detector.name).join(', ')
    host.report('degraded', `the resource is not known in full: ${names}`)
  }

  /** All detectors at the same time. */
  async #look(): Promise<Round> {
    const { timeout, retry } = this.#config
    const { signal, end } = limited(this.#abort.signal, retry.max_elapsed_time || timeout, this.#settings)
    try {
      const results = await Promise.all(this.#detectors.map((detector) => this.#ask(detector, signal)))
      return this.#merge(results)
    } finally {
      end()
    }
  }

  #merge(results: readonly (Finding | { readonly error: unknown })[]): Round {
    const attributes = new Map<string, AnyValue>()
    const failures: Round['failures'][number][] = []
    const { attributes: allowed } = this.#config
    let schemaUrl = ''
    for (const [i, result] of results.entries()) {
      if ('error' in result) {
        failures.push({ detector: this.#detectors[i]!, error: result.error })
        continue
      }
      if (schemaUrl === '') schemaUrl = result.schemaUrl
      for (const [name, value] of result.attributes)
        if (!attributes.has(name) && (allowed.length === 0 || allowed.includes(name))) attributes.set(name, value)
    }
    const list = [...attributes].map(([name, value]) => [keyOf(name), value] as const)
    return { detected: { attributes: list, schemaUrl }, failures }
  }

  async #ask(detector: Detector, abort: AbortSignal): Promise<Finding | { readonly error: unknown }> {
    const { log, clock } = this.#settings
    const { retry, timeout } = this.#config
    let waitMs = Math.min(retry.initial_interval, retry.max_interval)
    for (;;) {
      try {
        return await this.#attempt(detector, abort, retry.max_elapsed_time > 0 ? timeout : 0)
      } catch (error) {
        const isLast = !retry.enabled || abort.aborted
        const spread = 1 + retry.randomization_factor * (2 * Math.random() - 1)
        if (isLast || !(await waited(clock.sleep(waitMs * spread, abort)))) {
          log.error('a detector fails', { detector: detector.name, error: messageOf(error) })
          return { error }
        }
        log.warn('a detector fails and is asked again', { detector: detector.name, error: messageOf(error) })
        waitMs = Math.min(waitMs * retry.multiplier, retry.max_interval)
      }
    }
  }

  async #attempt({ name, detect, isStrict }: Detector, abort: AbortSignal, limitMs: number): Promise<Finding> {
    const { log } = this.#settings
    const { signal, end } = limited(abort, limitMs, this.#settings)
    try {
      return await orAborted(detect(signal), signal)
    } catch (error) {
      if (!(error instanceof AbsentError) || isStrict) throw error
      log.debug('a detector is not on its platform', { detector: name, why: error.message })
      return nothing
    } finally {
      end()
    }
  }
}

/** A detector may wait for what no signal ends: the name service of the system. */
function orAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      // What asks something itself says why it had no answer; that is the better error, and comes now.
      setImmediate(() => reject(new Error('took too long', { cause: abort.reason })))
    }
    if (abort.aborted) stop()
    abort.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop))
  })
}

/** `abort`, or a time limit; 0 is none. */
function limited(abort: AbortSignal, limitMs: number, { clock }: Pick<Settings, 'clock'>) {
  if (limitMs === 0) return { signal: abort, end: () => {} }
  const controller = new AbortController()
  const stop = (): void => controller.abort(abort.reason)
  if (abort.aborted) stop()
  abort.addEventListener('abort', stop, { once: true })
  const cancel = clock.after(limitMs, stop)
  return {
    signal: controller.signal,
    end: (): void => {
      cancel()
      abort.removeEventListener('abort', stop)
    },
  }
}

/** False when it was cut short. */
const waited = (sleep: Promise<void>): Promise<boolean> =>
  sleep.then(
    () => true,
    () => false,
  )
