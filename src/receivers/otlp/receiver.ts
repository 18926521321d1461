import type { Consumers, Host, Receiver, Settings } from '../../contract/index.ts'
import type { Address } from '../../net/listen.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import type { OtlpConfig } from './config.ts'
import { createOtlpGrpc } from './grpc.ts'
import { OtlpHttp } from './http.ts'

/** A server of one protocol. */
interface Listener {
  start(): Promise<string>
  stop(abort?: AbortSignal): Promise<void>
}

export class OtlpReceiver implements Receiver {
  readonly #config: OtlpConfig
  readonly #settings: Settings
  readonly #next: Consumers
  #listeners: Listener[] = []
  endpoints: string[] = []

  constructor(config: OtlpConfig, settings: Settings, next: Consumers) {
    this.#config = config
    this.#settings = settings
    this.#next = next
  }

  async start(host: Host): Promise<void> {
    const { grpc, http } = this.#config.protocols
    if (grpc !== undefined) {
      notice('protocols::grpc', grpc, this.#settings)
      this.#listeners.push(createOtlpGrpc(grpc, this.#settings, this.#next, host, this.#countRefusals('grpc')))
    }
    if (http !== undefined) {
      notice('protocols::http', http, this.#settings)
      this.#listeners.push(new OtlpHttp(http, this.#settings, this.#next, host, this.#countRefusals('http')))
    }
    try {
      for (const listener of this.#listeners) this.endpoints.push(await listener.start())
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  #countRefusals(transport: string): (reason: string) => void {
    const counter = this.#settings.meter.createCounter('sluice_receiver_rejected_requests', {
      description: 'Requests and connections that were turned away, by reason.',
    })
    return (reason) => counter.add(1, { receiver: this.#settings.id, transport, reason })
  }

  async stop(abort?: AbortSignal): Promise<void> {
    const listeners = this.#listeners
    this.#listeners = []
    this.endpoints = []
    await Promise.all(listeners.map((listener) => listener.stop(abort)))
  }
}

function notice(at: string, address: Address & { tls?: object | undefined }, { log }: Settings): void {
  noticeSettingsWithoutEffect(address, at, log)
}
