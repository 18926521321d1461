// A server of somebody else's that a test starts and ends: only ever this one, by its own handle.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly waitMs?: number
  /** Who has signed its certificate, as PEM. */
  readonly ca?: string
}

export class ServerProcess {
  readonly #child: ChildProcess
  readonly #name: string
  /** The end of what it has written, for messages. */
  #output = ''

  private constructor(name: string, child: ChildProcess) {
    this.#name = name
    this.#child = child
    const keep = (text: Buffer): void => {
      this.#output = (this.#output + text).slice(-4000)
    }
    // A test that is cut off leaves nothing running.
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
  }

  /** Resolves when `url` answers with a status below 500. */
  static async start(
    name: string,
    file: string,
    args: readonly string[],
    url: string,
    { env = process.env, waitMs = 30_000, ca }: StartOptions = {},
  ): Promise<ServerProcess> {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const server = new ServerProcess(name, child)
    const failed = once(child, 'error').then(([error]) => error as Error)
    let reason: Error | undefined
    void failed.then((error) => (reason = error))
    for (let tries = 0; tries < waitMs / 50; tries++) {
      if (await answers(url, ca)) return server
      if (reason !== undefined) throw reason
      if (child.exitCode !== null) throw new Error(`${name} has ended with ${child.exitCode}:\n${server.#output}`)
      await sleep(50)
    }
    await server.stop()
    throw new Error(`${name} does not answer at ${url}:\n${server.#output}`)
  }

  get output(): string {
    return this.#output
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(timer)
  }

  toString(): string {
    return `${this.#name} (${this.#child.pid})`
  }
}

async function answers(url: string, ca: string | undefined): Promise<boolean> {
  try {
    return (await statusOf(url, ca)) < 500
  } catch {
    return false
  }
}

async function statusOf(url: string, ca: string | undefined): Promise<number> {
  const request = url.startsWith('https:') ? httpsGet(url, { ca, agent: false }) : httpGet(url, { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode ?? 0
}

/** Until `look` finds something; what it throws is not the end. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, waitMs = 30_000): Promise<T> {
  let error: unknown
  for (let waited = 0; waited < waitMs; waited += 100) {
    try {
      const found = await look()
      if (found !== undefined) return found
    } catch (thrown) {
      error = thrown
    }
    await sleep(100)
  }
  const why = error instanceof Error ? `: ${error.message}` : ''
  throw new Error(`${what}: not in ${waitMs} ms${why}`, { cause: error })
}
