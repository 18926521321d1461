import { test } from 'tap'
import { nameOf } from '../../src/scaffold/index.ts'

const taken = ['file', 'otlp_http', 'otlphttp', 'my_file']

test('a name is the type of a component, with a spelling for code', async (t) => {
  t.same(nameOf('exporter', 'my-exporter', taken), { kind: 'exporter', type: 'my_exporter', pascal: 'My' })
  t.same(nameOf('receiver', 'my_exporter', taken).pascal, 'MyExporter')
  t.same(nameOf('processor', 'drop_noise', []).pascal, 'DropNoise')
  t.same(nameOf('exporter', 'exporter', []).pascal, 'Exporter')
  t.same(nameOf('exporter', 'a'.repeat(63), []).type.length, 63)
})

test('what is no name is refused, with one that would do', async (t) => {
  for (const [text, idea] of [
    ['MyExporter', 'my_exporter'],
    ['my exporter', 'my_exporter'],
    ['my__exporter', 'my_exporter'],
    ['_mine', 'mine'],
    ['7up', 'exporter_7up'],
    ['File', 'file_2'],
    ['a'.repeat(64), 'a'.repeat(63)],
  ] as const)
    t.throws(() => nameOf('exporter', text, taken), { message: new RegExp(`snake_case\\)\\. What about ${idea}\\?$`) })
  t.throws(() => nameOf('exporter', '日本', taken), { message: /snake_case\)\.$/ }, 'none comes to mind')
})

test('a name that is taken, or would be taken for another, is refused with one that is free', async (t) => {
  t.throws(() => nameOf('exporter', 'file', taken), {
    message: 'there is an exporter file already. What about my_file_2?',
  })
  t.throws(() => nameOf('processor', 'file', ['file']), {
    message: 'there is a processor file already. What about my_file?',
  })
  t.throws(() => nameOf('exporter', 'otl_phttp', taken), {
    message: /^otl_phttp would be taken for the exporter otlp_http\. What about/,
  })
})
