// Which instance this is, known once and asked for until it is; and what only the EC2 API knows of it, for which nothing waits.
import { readlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Asking, describeTags, describeVolumes } from '../../aws/instance/ec2-api.ts'
import { Imds, type Instance } from '../../aws/instance/imds.ts'
import type { Sources } from './sources.ts'
import { hostRootOf } from './surroundings.ts'

const GROUP_TAG = 'aws:autoscaling:groupName'
/** What takes a permission may be given it later. */
const AGAIN_MS = 5 * 60_000

export class InstanceIdentity {
  readonly #asking: Asking
  readonly #sources: Sources
  readonly #root: string
  readonly #end = new AbortController()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #dueAtMs = new Map<string, number>()
  #instance: Instance | undefined
  #group = ''
  /** By device. */
  #volumes: ReadonlyMap<string, string> = new Map()

  constructor(asking: Asking, sources: Sources, root: string) {
    this.#asking = asking
    this.#sources = sources
    this.#root = root
  }

  /** What is known by now. */
  get known(): Instance | undefined {
    return this.#instance
  }
  get autoScalingGroup(): string {
    return this.#group
  }
  /** Of a disk, or of a partition of it; empty when it is not known. */
  volumeOf(device: string): string {
    for (const [disk, volume] of this.#volumes)
      if (device.startsWith(disk) && /^p?\d*$/.test(device.slice(disk.length))) return volume
    return ''
  }

  /** Rejects when the metadata service does not say. */
  async find(abort: AbortSignal): Promise<void> {
    const { environment, settings } = this.#asking
    this.#instance ??= await new Imds(environment, settings.clock, { most: 1, maxBackoffMs: 0 }).instance(abort)
    const instance = this.#instance
    this.#lookAside('tags of the instance', Number.POSITIVE_INFINITY, async () => {
      const question = { instance, isWanted: (key: string) => key === GROUP_TAG }
      this.#group = (await describeTags(question, this.#asking, this.#end.signal)).get(GROUP_TAG) ?? ''
    })
    this.#lookAside('volumes of the instance', AGAIN_MS, async () => {
      const volumes = await describeVolumes(instance, this.#asking, this.#end.signal)
      const host = await hostRootOf(this.#root)
      const named = volumes.map(async ({ id, availabilityZone, device }) => {
        return [await diskOf(device, host), `aws://${availabilityZone}/${id}`] as const
      })
      this.#volumes = new Map(await Promise.all(named))
    })
  }

  /** Unless it is under way, or not due. */
  #lookAside(source: string, againMs: number, look: () => Promise<void>): void {
    const { clock } = this.#asking.settings
    if (this.#underWay.has(source) || clock.monotonicMs() < (this.#dueAtMs.get(source) ?? 0)) return
    const looking = this.#sources
      .read(source, () => look().then(() => true))
      .then((isKnown) => {
        this.#dueAtMs.set(source, clock.monotonicMs() + (isKnown ? againMs : AGAIN_MS))
        this.#underWay.delete(source)
      })
    this.#underWay.set(source, looking)
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent is shutting down'))
    await Promise.all(this.#underWay.values())
  }
}

/** EC2 says `/dev/xvda`, which on newer instances is a link to `nvme0n1`. */
async function diskOf(device: string, host: string): Promise<string> {
  const target = await readlink(host + device).catch(() => '')
  return target === '' ? device : resolve('/dev', target)
}
