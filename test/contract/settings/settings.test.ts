// No setting is for show: each can be changed, is read when it is, and is held by a test that names it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import tap, { test } from 'tap'
import * as v from 'valibot'
import { shapeOf } from '../../../src/config/shape.ts'
import { poisonViews } from '../../../src/data/index.ts'
import { type Driven, drive, SIGNALS, settle, testContext, trackReads } from '../../../src/testing/index.ts'
import { attributeInput } from '../../kit/attributes.ts'
import { authority, writePair } from '../../kit/certificates.ts'
import { items } from '../../kit/otlp.ts'
import { type Entry, give, registry, surroundings, visit } from '../driven.ts'
import { type Change, made, type Refusal, type Scene } from './change.ts'
import { keysOf, merge, settingsOf, treeOf, valueAt } from './paths.ts'
import { changes } from './table.ts'

poisonViews(false)
// Whom this machine trusts is parsed for each component with TLS, a third of the time of it all: here it trusts nobody.
const nobody = mkdtempSync(join(tmpdir(), 'sluice-trusted-'))
tap.teardown(() => rmSync(nobody, { recursive: true }))
Object.assign(process.env, { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: nobody })
const ca = await authority()
const pair = await ca.issue('localhost')
/** With the configs of golden cases. */
const tests = new Map(
  readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|ya?ml|json)$/.test(name) && !name.startsWith('contract/'))
    .map((name) => [join('test', name), readFileSync(join('test', name), 'utf8')]),
)

for (const entry of await registry()) {
  const { kind, type, factory } = entry
  const table = changes[kind][type] ?? {}
  const settings = settingsOf(shapeOf(factory.config)).filter((path) => path !== '')

  test(`${kind} ${type}: every setting is in the table, and nothing else`, async (t) => {
    t.same(Object.keys(table).toSorted(), settings.toSorted())
  })

  test(`${kind} ${type}: every setting can be changed, and somebody reads it`, async (t) => {
    const scene = sceneOf(await surroundings(t))
    t.teardown(() => rmSync(scene.sockets, { recursive: true }))
    for (const path of settings) {
      const change = table[path]
      if (change === undefined) continue
      const problem =
        'refused' in change
          ? refusalProblem(entry, path, change, scene)
          : await changeProblem(entry, path, change, scene)
      t.equal(problem, undefined, path)
    }
  })

  test(`${kind} ${type}: every setting is named by a test that holds it`, async (t) => {
    for (const path of settings) {
      const change = table[path]
      if (change === undefined || 'refused' in change) continue
      const key = keysOf(path).at(-1)!
      const names = new RegExp(`\\b${key}\\b`)
      const isNamed = [...tests].some(
        ([file, text]) => change.heldBy?.some((prefix) => file.startsWith(prefix)) && names.test(text),
      )
      t.ok(isNamed, `${path}: ${change.change}`)
    }
  })
}

function sceneOf(around: Awaited<ReturnType<typeof surroundings>>): Scene {
  const { cert_file, key_file } = writePair(around.directory, 'server', pair)
  const caFile = join(around.directory, 'ca.crt')
  writeFileSync(caFile, ca.cert)
  return {
    ...around,
    sockets: mkdtempSync(join(tmpdir(), 'sluice-')),
    tls: { ca: caFile, cert: cert_file, key: key_file },
    pem: { ca: ca.cert, cert: pair.cert, key: pair.key },
  }
}

function yamlOf(
  entry: Entry,
  path: string,
  change: Change | Refusal,
  scene: Scene,
): { readonly without: unknown; readonly yaml: unknown } {
  const without = merge(entry.minimal(scene), made(change.with ?? {}, scene))
  return { without, yaml: merge(without, treeOf(path, made(change.value, scene))) }
}

function refusalProblem(entry: Entry, path: string, change: Refusal, scene: Scene): string | undefined {
  const { yaml } = yamlOf(entry, path, change, scene)
  const { issues } = v.safeParse(entry.factory.config as v.GenericSchema, yaml)
  const told = issues?.map(({ message }) => message).join('; ') ?? 'nothing'
  return change.refused.test(told) ? undefined : `is not refused with ${change.refused}, but with ${told}`
}

/** What is wrong with a setting; undefined when it is taken, differs from the default, and is read. */
async function changeProblem(entry: Entry, path: string, change: Change, scene: Scene): Promise<string | undefined> {
  const schema = entry.factory.config as v.GenericSchema
  const { yaml, without } = yamlOf(entry, path, change, scene)
  const parsed = v.safeParse(schema, yaml)
  if (!parsed.success) return `is refused: ${parsed.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)}`
  const before = v.safeParse(schema, without)
  if (change.permits) return before.success ? 'permits what is permitted anyway' : undefined
  if (before.success && isDeepStrictEqual(valueAt(before.output, path), valueAt(parsed.output, path)))
    return 'is the default'
  const tracked = trackReads(parsed.output)
  const others: (typeof tracked)[] = []
  const config = (): unknown => {
    others.push(trackReads(parsed.output))
    return others.at(-1)!.value
  }
  for (const one of drive(entry.factory, tracked.value, { isMisfit }))
    await (change.use === undefined ? use(one, scene) : change.use(one, scene, config))
  const key = keysOf(path).slice(0, change.isReadAsSection ? -1 : undefined)
  return [tracked, ...others].some(({ read }) => read.has(key.join('.'))) ? undefined : 'is read by nobody'
}

/** Some settings are for one signal. */
const isMisfit = (error: unknown): boolean => error instanceof Error && / is not for /.test(error.message)

async function use(one: Driven, scene: Scene): Promise<void> {
  await one.start().catch(() => {})
  for (const signal of SIGNALS) {
    if (one.consumers[signal] === undefined) continue
    if ('visitor' in one.component) attributeInput[signal].rewrite([one.component.visitor as never], testContext())
    await give(one.consumers, items[signal](3)).catch(() => {})
  }
  await settle()
  await visit(one)
  await one.stop(AbortSignal.abort())
  scene.http.answers.length = 0
}
