// Every code that the sources can count or log has its page, and no page is about a code that is gone.
import { globSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { CONFIG_PLAN } from '../../src/manual/codes/config-plan.ts'
import { CONFIG_SETTINGS } from '../../src/manual/codes/config-settings.ts'
import { CONFIG_TEXT } from '../../src/manual/codes/config-text.ts'
import { ENDS } from '../../src/manual/codes/ends.ts'
import { CODE_GROUPS, codeCalled, nearestCode } from '../../src/manual/errors.ts'

/** What counts and refuses nothing in an agent that runs is left out. */
const sources = globSync('src/**/*.ts')
  .filter((file) => !/^src\/(manual|config|scaffold|testing|generate|data\/pointwriter)/.test(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** Where a reason is written down. What is compared with is none. */
const PLACES = [
  /\b\w*[rR]eason: ([^,}\n]*)/g,
  /\b\w*(?:[rR]eason|REASON) (?:=|\?\?) ([^\n]*)/g,
  /new RefusedError\(\s*[^,]+,\s*[^,]+,\s*([^,]+),/g,
  /[.#( ](?:drop|dropped|leave|lose|refuse|reject|retryable|onFault|onNote|onRefused|countRefusal|release)\(([^;\n]*)/g,
  /(?:urst|rror|victions|tooLarge|cleaned|missing|miscounted)\.add\(([^;\n]*)/g,
  /type (?!AwsRefusal)\w*(?:Refusal|Reason|Loss|Fault|LabelNote|DimensionNote) =([^()]*?)(?=\n\n|\n[a-z/])/g,
  /\bproblem(?:: | = |: string \| undefined = )([^\n]*)/g,
  /\b(?:[1-5]\d\d): ('[^\n]*)/g,
  /\['\w+', ('\w+')\]/g,
]

function reasonsIn({ file, text }: { file: string; text: string }): string[] {
  const code = text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '').replaceAll(/(?:[!=]==|\|\|) '[^']*'|(?<=\w)\['\w+'\]/g, '')
  return PLACES.filter(({ source }) => !source.startsWith("\\['") || file.endsWith('/answer.ts')).flatMap((place) =>
    [...code.matchAll(place)].flatMap(([, found]) =>
      [...found!.matchAll(/'([a-z][a-z0-9_]*)'|`([a-z_]+_)\$\{\w+\}`/g)].map(
        ([, word, start]) => word ?? `${start}404`,
      ),
    ),
  )
}

const codes = CODE_GROUPS.flatMap((group) => Object.keys(group.codes))

test('every reason in the sources has a page', async (t) => {
  const found = new Map<string, string>()
  for (const source of sources) for (const reason of reasonsIn(source)) found.set(reason, source.file)
  for (const [reason, file] of found) t.ok(codeCalled(reason), `${reason} of ${file} has no page in src/manual/codes`)
  for (const reason of ['queue_full', 'http_404', 'no_type', 'mapping_error', 'too_many_connections', 'wal'])
    t.ok(found.has(reason), `${reason} is found`)
  t.ok(found.size > 130, `${found.size} reasons are found`)
})

/** The types demand a page for each code of these, and their makers a code of the type. */
const typed = Object.keys({ ...CONFIG_TEXT, ...CONFIG_PLAN, ...CONFIG_SETTINGS, ...ENDS })

test('every code of a config, of a start and of an end has a page, and a place that makes it', async (t) => {
  const makers = globSync('src/**/*.ts')
    .filter((file) => !/^src\/(manual|scaffold|testing|config\/problem-code)/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  for (const code of typed) {
    t.ok(codeCalled(code), code)
    t.ok(makers.includes(`'${code}'`) || makers.includes(`[${code}]`), `nothing in the sources says ${code}`)
  }
})

test('every other page is about a code that there is', async (t) => {
  const all = sources.map(({ text }) => text).join('\n')
  for (const code of codes.filter((one) => !typed.includes(one))) {
    const family = /^(\w+_)<|^(http_)\d{3}$|^(grpc_)/
      .exec(code)
      ?.slice(1)
      .find((start) => start !== undefined)
    t.ok(all.includes(family === undefined ? `'${code}'` : `\`${family}\${`), `nothing in the sources says ${code}`)
  }
})

test('a code has one page, which says what, why and what to do in sentences', async (t) => {
  t.same(
    codes.filter((code, at) => codes.indexOf(code) !== at),
    [],
    'none has two',
  )
  for (const { codes } of CODE_GROUPS)
    for (const [code, { what, why, fix }] of Object.entries(codes)) {
      t.match(code, /^[a-z][a-z0-9_]*(<[a-z]+>)?$/)
      for (const text of [what, why, fix]) t.match(text, /^[A-Z\d`].*\.$/s, `${code}: ${text}`)
    }
})

test('a code of a family has the page of the family, unless it has its own', async (t) => {
  t.equal(codeCalled('http_418')?.page, codeCalled('http_<status>')?.page)
  t.not(codeCalled('http_429')?.page, codeCalled('http_<status>')?.page)
  t.equal(codeCalled('http_41'), undefined)
  t.equal(codeCalled('toString'), undefined)
  t.equal(nearestCode('queue_ful'), 'queue_full')
})
