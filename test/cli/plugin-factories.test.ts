// A plugin may be in JavaScript, where nothing has checked what its factories are made of.
import { test } from 'tap'
import { factoriesIn } from '../../src/cli/plugin-factories.ts'
import type { Factory } from '../../src/contract/index.ts'
import { section } from '../../src/plugin.ts'
import { sluice } from '../kit/process.ts'

const ANY = { type: 'tail', summary: 'Tails.', stability: 'alpha', config: section({}) } as const
const create = (): object => ({})
const WHOLE: Readonly<Record<Factory['kind'], object>> = {
  receiver: { ...ANY, kind: 'receiver', signals: ['logs'], create },
  processor: { ...ANY, kind: 'processor', create: { logs: create } },
  exporter: { ...ANY, kind: 'exporter', signals: ['logs', 'traces'], create },
  connector: { ...ANY, kind: 'connector', routes: [['traces', 'metrics']], create },
  extension: { ...ANY, kind: 'extension', create },
}

test('each member that a kind must have is asked for by its name, with what would be right', async (t) => {
  let cases = 0
  for (const [kind, whole] of Object.entries(WHOLE)) {
    t.same(factoriesIn({ default: whole }), { factories: [whole], problem: undefined }, kind)
    for (const member of Object.keys(whole)) {
      const { factories, problem } = factoriesIn({ default: { ...whole, [member]: undefined } })
      t.same(factories, [])
      t.match(problem, new RegExp(`^its export default \\([a-z ]+\\) has no ${member}: .{10}`), `${kind} ${member}`)
      cases++
    }
  }
  t.equal(cases, 7 + 6 + 7 + 7 + 6)
})

const WRONG: readonly (readonly [kind: Factory['kind'], members: object, says: RegExp])[] = [
  ['receiver', { signals: [] }, /has a wrong signals: a list of traces, metrics, logs: signals: \['logs'\]$/],
  ['receiver', { signals: 'logs' }, /has a wrong signals/],
  ['exporter', { signals: ['log'] }, /has a wrong signals/],
  ['exporter', { create: 1 }, /has a wrong create: a function/],
  ['processor', { create }, /has a wrong create: a function for each signal/],
  ['processor', { create: {} }, /has a wrong create/],
  ['processor', { create: { log: create } }, /has a wrong create/],
  ['processor', { create: { logs: true } }, /has a wrong create/],
  ['connector', { routes: ['traces'] }, /has a wrong routes: a list of pairs.*routes: \[\['traces', 'metrics'\]\]$/],
  ['connector', { routes: [['traces']] }, /has a wrong routes/],
  ['connector', { routes: [] }, /has a wrong routes/],
  ['extension', { type: 'a/b' }, /has a wrong type: its name in configs/],
  ['extension', { type: 7 }, /has a wrong type/],
  ['extension', { stability: 'new' }, /has a wrong stability: one of development, alpha, beta, stable$/],
  ['extension', { summary: '' }, /has a wrong summary/],
  ['extension', { aliases: 'other' }, /has a wrong aliases: a list/],
  ['extension', { config: {} }, /has a wrong config: a schema, made with section/],
  ['extension', { kind: 'source' }, /has the kind "source", which there is not: make it with defineReceiver/],
  ['receiver', { signals: undefined, create: undefined }, /has no signals: .*, and has no create: /],
]

test('a member that is there and wrong is named too', async (t) => {
  for (const [kind, members, says] of WRONG)
    t.match(factoriesIn({ default: { ...WHOLE[kind], ...members } }).problem, says, `${kind} ${Object.keys(members)}`)
})

test('one factory that is wrong is not left out because of another that is right', async (t) => {
  const half = { ...ANY, kind: 'exporter', create }
  t.match(factoriesIn({ a: WHOLE.receiver, b: half }).problem, /^its export b \(exporter tail\) has no signals/)
  t.match(factoriesIn({ all: [WHOLE.receiver, half] }).problem, /^its export all \(exporter tail\) has no signals/)
  t.equal(factoriesIn({ a: WHOLE.receiver, again: WHOLE.receiver, helper: 1 }).factories.length, 1)
})

test('sluice run says what a receiver lacks, and where', async (t) => {
  const cwd = t.testdir({
    'tail.js':
      "import { defineReceiver, section } from 'sluice/plugin'\nexport default defineReceiver({ type: 'tail', summary: 'Tails.', stability: 'alpha', config: section({}), create: () => ({}) })",
    'config.yaml': `plugins: [./tail.js]
receivers: {tail: }
exporters: {debug: }
service: {pipelines: {logs: {receivers: [tail], exporters: [debug]}}}
`,
  })
  const { code, stderr } = await sluice(['run', '--config', 'config.yaml'], { cwd })
  t.equal(code, 2)
  t.match(
    stderr,
    /config\.yaml:1:11: plugins\[0\]: .*tail\.js: its export default \(receiver tail\) has no signals: a list of traces, metrics, logs: signals: \['logs'\] \[plugin_without_component\]/,
  )
})
