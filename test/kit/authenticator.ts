// Extensions that authenticate, made from YAML as the agent makes them.
import type { Test } from 'tap'
import * as v from 'valibot'
import type { Factory, IncomingHead } from '../../src/contract/index.ts'
import { type TestHost, type TestSettings, testHost, testSettings } from '../../src/testing/index.ts'

type Authenticating = Extract<Factory, { kind: 'extension' }>

/** Started, unless it is a test of the start. */
export async function startExtension<E>(
  t: Test,
  { config, create }: Authenticating,
  yaml: object,
  host: TestHost = testHost(),
  prepare: (settings: TestSettings) => void = () => {},
): Promise<{ readonly extension: E; readonly settings: TestSettings }> {
  const settings = testSettings({ id: 'auth' })
  prepare(settings)
  const extension = create(v.parse(config, yaml), settings)
  t.teardown(() => extension.stop?.(AbortSignal.abort()))
  await extension.start?.(host)
  return { extension: extension as E, settings }
}

/** What is wrong with a config, in one text; empty when nothing is. */
export const problemsOf = ({ config }: Authenticating, yaml: object): string =>
  (v.safeParse(config, yaml).issues ?? []).map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`).join('\n')

/** A request with these headers, names in lower case. */
export const headOf = (headers: Readonly<Record<string, string>>): IncomingHead => ({
  transport: 'http',
  header: (name) => headers[name],
  clientAddress: '127.0.0.1',
})
