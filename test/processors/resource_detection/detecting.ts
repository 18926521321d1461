// A machine that the test makes up, and what the processor finds on it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import type { Test } from 'tap'
import * as v from 'valibot'
import type { AnyValue } from '../../../src/data/index.ts'
import { config as schema } from '../../../src/processors/resource_detection/config.ts'
import type { Machine } from '../../../src/processors/resource_detection/machine.ts'
import { createResourceDetection } from '../../../src/processors/resource_detection/processor.ts'
import { type TestHost, type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'

export interface MadeUp extends Partial<Omit<Machine, 'names' | 'readText'>> {
  readonly files?: Readonly<Record<string, string>>
  readonly names?: Partial<Machine['names']>
}

const unknown = async (): Promise<never> => {
  throw new Error('not known')
}

export function machine({ files = {}, names = {}, ...rest }: MadeUp = {}): Machine {
  return {
    environment: {},
    platform: 'linux',
    arch: 'x64',
    hostname: () => 'host-1',
    system: () => ({ name: 'Linux', release: '6.8.0', version: '#1 SMP', hardware: 'x86_64' }),
    addresses: () => ({}),
    interfaces: async () => [],
    run: unknown,
    async readText(path) {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
      return text
    },
    ...rest,
    names: { addresses: unknown, aliasOf: unknown, hosts: unknown, ...names },
  }
}

export interface Detecting {
  readonly settings: TestSettings
  readonly host: TestHost
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** What is on a resource that said nothing. */
  found(): Record<string, AnyValue>
  schemaUrl(): string
}

export function detecting(config: object, on: Machine): Detecting {
  const settings = testSettings({ id: 'resource_detection' })
  const host = testHost()
  const processor = createResourceDetection(on)(v.parse(schema, config), settings)
  const resource = () => {
    let seen = { attributes: {} as Record<string, AnyValue>, schemaUrl: '' }
    const bare = items
      .logs(1)
      .rewrite([{ onResource: (one) => void one.attributes.delete('service.name') }], testContext())
    bare.rewrite([processor.visitor], testContext()).visit({
      onResource(one) {
        seen = { attributes: Object.fromEntries(one.attributes.toMap()), schemaUrl: one.schemaUrl }
      },
    })
    return seen
  }
  return {
    settings,
    host,
    start: async () => processor.start?.(host),
    stop: async () => processor.stop?.(new AbortController().signal),
    found: () => resource().attributes,
    schemaUrl: () => resource().schemaUrl,
  }
}

/** Starts, looks, stops. */
export async function found(config: object, on: Machine): Promise<Record<string, AnyValue>> {
  const one = detecting(config, on)
  await one.start()
  const attributes = one.found()
  await one.stop()
  return attributes
}

export type Routes = Readonly<Record<string, string | number | ((request: IncomingMessage) => string | number)>>

/** Answers `GET /path` with a text or a status; everything else with 404. */
export const answering =
  (routes: Routes, asked: IncomingMessage[] = []): RequestListener =>
  (request, response) => {
    asked.push(request)
    request.resume()
    const route = routes[`${request.method} ${request.url}`] ?? 404
    const answer = typeof route === 'function' ? route(request) : route
    response.writeHead(typeof answer === 'number' ? answer : 200)
    response.end(typeof answer === 'number' ? '' : answer)
  }

/** Where it listens. */
export async function listening<S extends Server>(t: Test, server: S, where?: string): Promise<string> {
  if (where === undefined) server.listen(0, '127.0.0.1')
  else server.listen(where)
  await once(server, 'listening')
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  return where ?? `127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const serve = (t: Test, routes: Routes, asked?: IncomingMessage[]): Promise<string> =>
  listening(t, createServer(answering(routes, asked)))
