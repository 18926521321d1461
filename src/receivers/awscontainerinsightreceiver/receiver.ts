import type { Consumers, Host, Receiver, Settings } from '../../contract/index.ts'
import { instantFromMillis } from '../../data/index.ts'
import { Handover } from '../../scrape/handover.ts'
import { Schedule } from '../../scrape/schedule.ts'
import { agentUrlsOf, askMembership, askTasks, type Membership } from './agent.ts'
import { type Cgroups, findCgroups, readCpu, readMemory } from './cgroup.ts'
import { type ContainerInsightConfig, givenWithoutEffect } from './config.ts'
import { readDisks, readFilesystems } from './disks.ts'
import { type Capacity, readCapacity, readInterfaces } from './host.ts'
import { InstanceIdentity } from './instance.ts'
import {
  addCpu,
  addLimits,
  addMemory,
  addReserved,
  addSums,
  diskOf,
  filesystemOf,
  type Measures,
  networkOf,
} from './measures.ts'
import { Rates } from './rates.ts'
import { readReserved } from './reserved.ts'
import { Sources } from './sources.ts'
import { hostRootOf, type Surroundings, theseSurroundings } from './surroundings.ts'
import { type Group, write } from './write.ts'

/** So that the first rates are known soon after the start. */
const INITIAL_DELAY_MS = 1000

export class ContainerInsightReceiver implements Receiver {
  readonly #config: ContainerInsightConfig
  readonly #settings: Settings
  readonly #around: Surroundings
  readonly #schedule: Schedule
  readonly #handover: Handover<'metrics'> | undefined
  readonly #sources: Sources
  readonly #instance: InstanceIdentity
  readonly #rates = new Rates()
  #membership: Membership | undefined
  #isStopped = false
  #skippedScrapes = 0

  constructor(
    config: ContainerInsightConfig,
    settings: Settings,
    next: Consumers,
    around: Surroundings = theseSurroundings,
  ) {
    this.#config = config
    this.#settings = settings
    this.#around = around
    this.#handover = next.metrics && new Handover(next.metrics, settings)
    this.#sources = new Sources(settings.log)
    this.#instance = new InstanceIdentity({ settings, environment: around.environment }, this.#sources, around.root)
    const timing = {
      collection_interval: config.collection_interval,
      initial_delay: Math.min(INITIAL_DELAY_MS, config.collection_interval),
      timeout: 0,
    }
    this.#schedule = new Schedule(timing, settings.clock, {
      run: (abort) => this.#scrape(abort),
      onSkipped: (collections) => void (this.#skippedScrapes += collections),
    })
  }

  async start(host: Host): Promise<void> {
    for (const setting of givenWithoutEffect(this.#config))
      this.#settings.log.info('a setting has no effect here', { setting, reason: 'it is about pods' })
    this.#sources.start(host)
    const { meter, id } = this.#settings
    meter
      .createObservableCounter('sluice_receiver_skipped_scrapes', {
        description: 'Collections that were left out, since the one before had not ended.',
      })
      .addCallback((result) => result.observe(this.#skippedScrapes, { receiver: id }))
    this.#schedule.start()
  }

  async #scrape(abort: AbortSignal): Promise<void> {
    const now = instantFromMillis(this.#settings.clock.now())
    this.#rates.begin(this.#settings.clock.monotonicMs())
    const groups = await this.#measure()
    await this.#identify(groups, abort)
    // What answers late costs its own part alone: the host has been measured.
    if (this.#isStopped) return
    this.#handover?.give(write(groups.all, this.#attributes(), now))
    this.#sources.tell()
  }

  /** What the host says. */
  async #measure(): Promise<Measured> {
    const { root } = this.#around
    const host = await hostRootOf(root)
    const measures: Measures = new Map()
    const all: Group[] = [{ type: 'Instance', attributes: {}, measures }]
    const rates = this.#rates
    const cgroups = await this.#sources.read('cgroups', () => findCgroups(host === root ? [root] : [host, root]))
    const capacity = await this.#sources.read('size of the host', () => readCapacity(host))
    if (capacity !== undefined) addLimits(measures, capacity)
    const cpu = await this.#sources.read('CPU', () => readCpu(cgroups, host))
    if (cpu !== undefined) addCpu(measures, cpu, capacity, rates)
    const memory = await this.#sources.read('memory', () => readMemory(cgroups, host))
    if (memory !== undefined) addMemory(measures, memory, capacity, rates)
    const interfaces = (await this.#sources.read('network', () => readInterfaces(host))) ?? []
    const networks = interfaces.map((one) => networkOf(one, rates))
    addSums(measures, networks)
    interfaces.forEach(({ name }, at) => {
      all.push({ type: 'InstanceNet', attributes: { interface: name }, measures: networks[at]! })
    })
    for (const one of (await this.#sources.read('disks', () => readDisks(cgroups, host))) ?? [])
      all.push({ type: 'InstanceDiskIO', attributes: this.#disk(one.device), measures: diskOf(one, rates) })
    // The collector's file system library has this one word for those on disks.
    const fstype = 'vfs'
    for (const one of (await this.#sources.read('filesystems', () => readFilesystems(this.#around))) ?? [])
      all.push({ type: 'InstanceFS', attributes: { ...this.#disk(one.device), fstype }, measures: filesystemOf(one) })
    return { all, measures, cgroups, capacity }
  }

  /** What those beside us say: who this is, what runs here, what that reserves. */
  async #identify({ measures, cgroups, capacity }: Measured, abort: AbortSignal): Promise<void> {
    const { clock } = this.#settings
    await this.#sources.read('EC2 metadata', () => this.#instance.find(abort))
    const urls = this.#around.agentUrls ?? agentUrlsOf(this.#instance.known?.privateIp ?? '')
    this.#membership ??= await this.#sources.read('ECS cluster', () => askMembership(urls, clock, abort))
    const tasks = await this.#sources.read('ECS tasks', () => askTasks(urls, clock, abort))
    if (tasks === undefined) return
    measures.set('number_of_running_tasks', tasks.length)
    if (cgroups === undefined || capacity === undefined) return
    const reserved = await readReserved(cgroups, tasks, this.#membership?.clusterName ?? '')
    const isKnown = tasks.length === 0 || reserved.unknown < tasks.length
    this.#sources.note(
      'cgroups of tasks',
      reserved.unknown === 0 ? undefined : new Error(`${reserved.unknown} of ${tasks.length} tasks have none`),
    )
    if (isKnown) addReserved(measures, reserved, capacity)
  }

  #disk(device: string): Readonly<Record<string, string>> {
    return { device, EBSVolumeId: this.#instance.volumeOf(device) }
  }

  #attributes(): Readonly<Record<string, string>> {
    return {
      ClusterName: this.#membership?.clusterName ?? '',
      ContainerInstanceId: this.#membership?.containerInstanceId ?? '',
      InstanceId: this.#instance.known?.id ?? '',
      InstanceType: this.#instance.known?.type ?? '',
      AutoScalingGroupName: this.#instance.autoScalingGroup,
      NodeName: this.#around.environment.HOST_NAME ?? '',
    }
  }

  async stop(abort: AbortSignal): Promise<void> {
    this.#isStopped = true
    this.#sources.stop()
    await this.#schedule.stop()
    await this.#instance.stop()
    await this.#handover?.stop(abort)
  }
}

interface Measured {
  readonly all: readonly Group[]
  /** Of the instance as a whole. */
  readonly measures: Measures
  readonly cgroups: Cgroups | undefined
  readonly capacity: Capacity | undefined
}
