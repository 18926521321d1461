import { AwsProxy } from '../../aws/proxy.ts'
import type { Extension, Host, Settings } from '../../contract/index.ts'
import type { AwsProxyConfig } from './config.ts'

export class AwsProxyExtension implements Extension {
  readonly #proxy: AwsProxy
  endpoints: string[] = []

  constructor(config: AwsProxyConfig, settings: Settings) {
    this.#proxy = new AwsProxy(config, settings, { at: '' })
  }

  async start(host: Host): Promise<void> {
    this.endpoints = [await this.#proxy.start(host)]
  }

  async stop(abort?: AbortSignal): Promise<void> {
    this.endpoints = []
    await this.#proxy.stop(abort)
  }
}
