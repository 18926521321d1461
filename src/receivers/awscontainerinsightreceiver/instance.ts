// Which instance this is: known once, asked for until it is.
import { type Asking, describeTags } from '../../aws/instance/ec2-api.ts'
import { Imds, type Instance } from '../../aws/instance/imds.ts'

const ASG_TAG = 'aws:autoscaling:groupName'
/** The tag takes a permission that may be given later. */
const AGAIN_MS = 5 * 60_000

export class InstanceIdentity {
  readonly #asking: Asking
  readonly #onTags: (error: unknown) => void
  readonly #end = new AbortController()
  #instance: Instance | undefined
  #group: string | undefined
  #looking: Promise<void> | undefined
  #lookAgainAtMs = 0

  /** `onTags` is told how looking for the tags went: an error, or undefined. */
  constructor(asking: Asking, onTags: (error: unknown) => void) {
    this.#asking = asking
    this.#onTags = onTags
  }

  /** What is known by now. */
  get known(): Instance | undefined {
    return this.#instance
  }
  get autoScalingGroup(): string {
    return this.#group ?? ''
  }

  /** Rejects when the metadata service does not say. The tag comes when it comes: nothing waits for it. */
  async find(abort: AbortSignal): Promise<void> {
    const { environment, settings } = this.#asking
    this.#instance ??= await new Imds(environment, settings.clock, { most: 1, maxBackoffMs: 0 }).instance(abort)
    const isDue = settings.clock.monotonicMs() >= this.#lookAgainAtMs
    if (this.#group === undefined && this.#looking === undefined && isDue)
      this.#looking = this.#findGroup(this.#instance).finally(() => (this.#looking = undefined))
  }

  async #findGroup(instance: Instance): Promise<void> {
    const question = { instance, isWanted: (key: string) => key === ASG_TAG }
    try {
      const tags = await describeTags(question, this.#asking, this.#end.signal)
      this.#group = tags.get(ASG_TAG) ?? ''
      this.#onTags(undefined)
    } catch (error) {
      this.#lookAgainAtMs = this.#asking.settings.clock.monotonicMs() + AGAIN_MS
      if (!this.#end.signal.aborted) this.#onTags(error)
    }
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent is shutting down'))
    await this.#looking
  }
}
