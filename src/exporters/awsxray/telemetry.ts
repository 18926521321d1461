// PutTelemetryRecords: what X-Ray is told once a minute about the work of this agent, when something has happened.
// https://docs.aws.amazon.com/xray/latest/api/API_PutTelemetryRecords.html
import { type AwsClient, askEc2 } from '../../aws/index.ts'
import { shareRecorder, type TelemetryRecord, TelemetryRecorder } from '../../aws/xray/recorder.ts'
import { messageOf, type Settings } from '../../contract/index.ts'
import type { AwsXrayConfig } from './config.ts'

const INTERVAL_MS = 60_000
/** As many as the collector keeps, and as it sends at once. */
const MAX_KEPT = 30
const MAX_SENT = 10

export interface Telemetry {
  readonly recorder: TelemetryRecorder
  start(): void
  stop(): void
}

/** undefined when it is off. */
export function createTelemetry(
  config: AwsXrayConfig,
  settings: Settings,
  client: Pick<AwsClient, 'call'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Telemetry | undefined {
  if (!config.telemetry.enabled) return undefined
  const recorder = new TelemetryRecorder()
  const host = hostOf(config, environment)
  shareRecorder(settings, [settings.id, ...config.telemetry.contributors], recorder)
  return new TelemetrySender(recorder, host, settings, client)
}

interface Host {
  readonly EC2InstanceId?: string
  readonly Hostname?: string
  readonly ResourceARN?: string
}

class TelemetrySender implements Telemetry {
  readonly recorder: TelemetryRecorder
  readonly #askHost: () => Promise<Host>
  readonly #settings: Settings
  readonly #client: Pick<AwsClient, 'call'>
  readonly #end = new AbortController()
  /** Not told yet, the oldest first. */
  #records: TelemetryRecord[] = []
  #host: Promise<Host> | undefined
  #cancel: (() => void) | undefined

  constructor(
    recorder: TelemetryRecorder,
    askHost: () => Promise<Host>,
    settings: Settings,
    client: Pick<AwsClient, 'call'>,
  ) {
    this.recorder = recorder
    this.#askHost = askHost
    this.#settings = settings
    this.#client = client
  }

  start(): void {
    this.#cancel = this.#settings.clock.after(INTERVAL_MS, () => {
      void this.#tell().finally(() => {
        if (!this.#end.signal.aborted) this.start()
      })
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#end.abort(new Error('the exporter is stopping'))
  }

  /** Never rejects: what could not be told is told a minute later, if there is room. */
  async #tell(): Promise<void> {
    const record = this.recorder.take(this.#settings.clock.now())
    if (record !== undefined) this.#records = [...this.#records, record].slice(-MAX_KEPT)
    if (this.#records.length === 0) return
    this.#host ??= this.#askHost()
    const host = await this.#host
    try {
      while (this.#records.length > 0) {
        // the newest first, which are worth most
        const records = this.#records.slice(-MAX_SENT)
        await this.#put({ ...host, TelemetryRecords: records })
        this.#records = this.#records.filter((one) => !records.includes(one))
      }
    } catch (error) {
      if (this.#end.signal.aborted) return
      this.recorder.failed(error)
      this.#settings.log.debug('telemetry about X-Ray could not be sent', { error: messageOf(error) })
    }
  }

  async #put(body: object): Promise<void> {
    const text = Buffer.from(JSON.stringify(body))
    const call = { operation: '/TelemetryRecords', chunks: [text], sizeBytes: text.length }
    await this.#client.call(call, this.#end.signal)
  }
}

/** Each by the config, then the environment, then EC2, which is asked when the answer is needed; what nobody knows is not told. */
function hostOf(
  { telemetry, resource_arn, local_mode, imds_retries }: AwsXrayConfig,
  environment: Readonly<Record<string, string | undefined>>,
): () => Promise<Host> {
  const { include_metadata, hostname, instance_id, resource_arn: ownArn } = telemetry
  if (!include_metadata) return async () => ({})
  const ec2 = (path: string): Promise<string> =>
    local_mode ? Promise.resolve('') : askEc2(path, environment, imds_retries).catch(() => '')
  const arn = ownArn || resource_arn
  return async () => {
    const name = hostname || environment.AWS_HOSTNAME || (await ec2('hostname'))
    const instanceId = instance_id || environment.AWS_INSTANCE_ID || (await ec2('instance-id'))
    return {
      ...(instanceId && { EC2InstanceId: instanceId }),
      ...(name && { Hostname: name }),
      ...(arn && { ResourceARN: arn }),
    }
  }
}
