import { AwsProxy } from '../../aws/proxy.ts'
import { SegmentDecoder } from '../../aws/xray/decode.ts'
import { recorderOf, type TelemetryRecorder } from '../../aws/xray/recorder.ts'
import { type Consumers, type Host, messageOf, type Receiver, reasonOf, type Settings } from '../../contract/index.ts'
import { Builder, MalformedError } from '../../data/index.ts'
import { type DatagramListener, type DatagramTaker, listenForDatagrams, type Origin } from '../../net/datagrams.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import { Handover } from '../../scrape/handover.ts'
import type { AwsXrayReceiverConfig } from './config.ts'
import { documentStart } from './header.ts'
import { Rejected } from './rejected.ts'

/** What the kernel is asked to keep while the event loop is busy; it gives what net.core.rmem_max allows. */
const BUFFER_BYTES = 8 * 1024 * 1024
/** How often lost packets are looked for. */
const LOOK_MS = 60_000
/** A batch is handed on before it is larger than that. */
const MAX_BATCH_BYTES = 1024 * 1024

export class AwsXrayReceiver implements Receiver, DatagramTaker {
  readonly #config: AwsXrayReceiverConfig
  readonly #settings: Settings
  readonly #proxy: AwsProxy
  readonly #rejected: Rejected
  readonly #handover: Handover<'traces'> | undefined
  readonly #decoder = new SegmentDecoder()
  readonly #builder = new Builder('traces')
  /** Of an exporter that tells X-Ray about this receiver. */
  #recorder: TelemetryRecorder | undefined
  #host: Host | undefined
  #listener: DatagramListener | undefined
  #cancelLook: (() => void) | undefined
  #lostPackets = 0
  /** What comes next was cut. */
  #isTruncated = false
  /** Who sent what is in the builder. */
  #origin: Origin | undefined
  #flushes = false
  endpoints: string[] = []

  constructor(config: AwsXrayReceiverConfig, settings: Settings, next: Consumers) {
    this.#config = config
    this.#settings = settings
    this.#proxy = new AwsProxy(config.proxy_server, settings, { at: 'proxy_server' })
    this.#rejected = new Rejected(settings)
    this.#handover = next.traces && new Handover(next.traces, settings)
  }

  async start(host: Host): Promise<void> {
    const { endpoint, transport } = this.#config
    const { log } = this.#settings
    noticeSettingsWithoutEffect(this.#config, '', log)
    this.#host = host
    this.#recorder = recorderOf(this.#settings)
    const listener = await listenForDatagrams({ endpoint, transport, bufferBytes: BUFFER_BYTES }, this)
    this.#listener = listener
    try {
      this.endpoints = [listener.endpoint, await this.#proxy.start(host)]
    } catch (error) {
      await listener.stop()
      throw error
    }
    this.#countLostPackets()
    this.#lookForLosses()
  }

  onError(error: Error): void {
    this.#settings.log.error('segments cannot be received', { endpoint: this.#config.endpoint, error: error.message })
  }

  onTruncated(): void {
    this.#isTruncated = true
  }

  onDatagram(bytes: Buffer, start: number, end: number, origin: Origin): void {
    if (this.#isTruncated) {
      this.#isTruncated = false
      return this.#reject('truncated', bytes, start, end)
    }
    const from = documentStart(bytes, start, end)
    if (from < 0) return this.#reject('bad_header', bytes, start, end)
    if (isBlank(bytes, from, end)) return this.#reject('missing_segment', bytes, start, end)
    if (origin.address !== this.#origin?.address || this.#builder.sizeBytes > MAX_BATCH_BYTES) this.#flush()
    this.#origin = origin
    try {
      const spans = this.#decode(bytes, from, end)
      this.#recorder?.received(spans)
    } catch (error) {
      if (error instanceof MalformedError) return this.#reject('malformed', bytes, from, end, error.message)
      this.#recorder?.received(1)
      this.#recorder?.spilled(1)
      return this.#rejected.add(reasonOf(error), bytes, from, end, messageOf(error))
    }
    if (this.#flushes) return
    this.#flushes = true
    setImmediate(this.#flushLater)
  }

  /** Into the builder. Returns how many spans. */
  #decode(bytes: Buffer, from: number, end: number): number {
    // What has been decoded counts from `flush` on, in this same turn of the event loop.
    const admission = this.#host!.admit('traces', end - from)
    try {
      return this.#decoder.decode(bytes.subarray(from, end), this.#builder)
    } finally {
      admission.release()
    }
  }

  #reject(reason: string, bytes: Buffer, start: number, end: number, error?: string): void {
    this.#recorder?.received(1)
    this.#recorder?.rejected(1)
    this.#rejected.add(reason, bytes, start, end, error)
  }

  /** What has come in one turn of the event loop is one batch. */
  readonly #flushLater = (): void => {
    this.#flushes = false
    this.#flush()
  }

  #flush(): void {
    if (this.#builder.items === 0) return
    this.#handover?.give(this.#builder.build(), { transport: 'udp', clientAddress: this.#origin?.address })
  }

  #countLostPackets(): void {
    const { meter, id } = this.#settings
    meter
      .createObservableCounter('sluice_receiver_lost_packets', {
        description: 'Packets that the kernel had no room for, where it says so.',
      })
      .addCallback((result) => result.observe(this.#lostPackets, { receiver: id }))
  }

  #lookForLosses(): void {
    this.#cancelLook = this.#settings.clock.after(LOOK_MS, () => {
      void this.#tellLosses()
      this.#lookForLosses()
    })
  }

  /** What nobody has read in time is gone before we know of it. */
  async #tellLosses(): Promise<void> {
    const packets = (await this.#listener?.lostPackets()) ?? 0
    const more = packets - this.#lostPackets
    if (more <= 0) return
    this.#lostPackets = packets
    this.#settings.log.error('segments lost: the kernel had no room for them', {
      packets: more,
      hint: 'raise net.core.rmem_max: the receiver asks for 8 MiB',
    })
  }

  async stop(abort: AbortSignal): Promise<void> {
    this.#cancelLook?.()
    this.#cancelLook = undefined
    const listener = this.#listener
    this.#listener = undefined
    this.endpoints = []
    await listener?.stop()
    this.#flush()
    this.#rejected.end()
    await Promise.all([this.#handover?.stop(abort), this.#proxy.stop(abort)])
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  while (start < end && bytes[start]! <= 0x20) start++
  return start === end
}
