import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { section, setting, text } from '../../src/config/index.ts'
import { defineProcessor } from '../../src/contract/index.ts'
import { difference } from '../../src/testing/difference.ts'
import { goldenCases, outcome } from '../../src/testing/index.ts'

const input = {
  resourceLogs: [
    { scopeLogs: [{ logRecords: [{ body: { stringValue: 'keep' } }, { body: { stringValue: 'drop' } }] }] },
  ],
}
const dropping = defineProcessor({
  type: 'dropping',
  summary: 'Drops log records by their body.',
  stability: 'alpha',
  config: section({ body: setting(text, '', 'Which.') }),
  create: {
    logs: ({ body }) => ({ visitor: { onLog: (record) => record.body !== body }, dropReason: 'told' }),
  },
})

function folderWith(t: { testdir(of: Record<string, never>): string }, files: Record<string, string>): string {
  const folder = t.testdir({})
  mkdirSync(join(folder, 'first'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'first', name), text)
  return folder
}

test('a case is written the first time and compared from then on', async (t) => {
  delete process.env.UPDATE
  const folder = folderWith(t, { 'config.yaml': 'body: drop\n', 'input.json': JSON.stringify(input) })
  const [one] = goldenCases(folder)
  t.equal(one!.title, 'first')
  const found = await outcome(dropping, one!)
  t.same(found.accounts, { logs: { entered: 2, out: 1, dropped: { told: 1 } } })
  t.same(JSON.stringify(found.out), JSON.stringify([input]).replace(',{"body":{"stringValue":"drop"}}', ''))
  one!.expect(found)
  t.same(JSON.parse(readFileSync(join(folder, 'first/expected.json'), 'utf8')), found)
  one!.expect(found)
  t.throws(() => one!.expect(JSON.parse(JSON.stringify(found).replace('keep', 'kept'))), {
    message: /UPDATE=1 writes it anew[\s\S]*- +"stringValue": "keep"\n\+ +"stringValue": "kept"/,
  })
  process.env.UPDATE = '1'
  t.teardown(() => void delete process.env.UPDATE)
  one!.expect({ other: true })
  t.same(JSON.parse(readFileSync(join(folder, 'first/expected.json'), 'utf8')), { other: true })
})

test('requests of several signals are a list, each given to the processor of its signal', async (t) => {
  const spans = { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }] }
  const [one] = goldenCases(folderWith(t, { 'input.json': JSON.stringify([input, spans, input]) }))
  t.same(one!.config, {})
  t.same(
    one!.input.map(({ signal, items }) => [signal, items]),
    [
      ['logs', 2],
      ['traces', 1],
      ['logs', 2],
    ],
  )
  await t.rejects(outcome(dropping, one!), { message: 'processor dropping takes no traces' })
})

test('a case of a processor without input looks at nothing, and says so', async (t) => {
  const [one] = goldenCases(folderWith(t, { 'config.yaml': 'body: drop\n' }))
  await t.rejects(outcome(dropping, one!), { message: /^processor dropping: nothing comes in.* input\.json$/ })
})

test('what is wrong with a case is told with its file', async (t) => {
  t.throws(() => goldenCases(join(t.testdirName, 'none')), { message: /there is no folder .*none with golden cases/ })
  t.throws(() => goldenCases(t.testdir({})), { message: /has no golden cases: a case is a folder in it/ })
  for (const [text, told] of [
    ['{"spans": []}', /first\/input\.json: a request has one of resourceSpans, .* this one has spans/],
    ['{', /first\/input\.json: .*JSON/],
    ['{"resourceLogs": 7}', /first\/input\.json: /],
  ] as const)
    t.throws(() => goldenCases(folderWith(t, { 'input.json': text })), { message: told })
  const [wrong] = goldenCases(folderWith(t, { 'config.yaml': 'bdy: drop\n', 'input.json': JSON.stringify(input) }))
  await t.rejects(outcome(dropping, wrong!), {
    message: /config of processor dropping is refused:\nbdy: .*[\s\S]*body/,
  })
})

test('a difference shows what has changed, and little else', async (t) => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`)
  const text = lines.join('\n')
  t.equal(difference(text, text), '')
  const changed = text.replace('line 10\n', 'other\nmore\n').replace('\nline 29', '')
  t.equal(
    difference(text, changed),
    ['  …', ...['7', '8', '9'].map((n) => `  line ${n}`), '- line 10', '+ other', '+ more']
      .concat(['11', '12', '13'].map((n) => `  line ${n}`))
      .concat('  …', '  line 26', '  line 27', '  line 28', '- line 29')
      .join('\n')
      .slice('  …\n'.length),
  )
  const large = Array.from({ length: 3000 }, (_, i) => `${i}`).join('\n')
  t.match(difference(large, large.replaceAll('1', 'x').replaceAll('0', 'y')), /^- 0\n/)
})
