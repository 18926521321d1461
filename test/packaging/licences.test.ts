import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'

/** What may stand in a work under Apache-2.0 and asks for no more than its text. */
const COMPATIBLE = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'])
const parts = readFileSync('dist/LICENSES.txt', 'utf8').split(`\n${'-'.repeat(80)}\n\n`)

/** Library -> licence and the text that goes with it. */
const shipped = new Map(
  parts.flatMap((part) => {
    const end = part.indexOf('\n\n')
    const text = part.slice(end + 2)
    return part
      .slice(0, end)
      .split('\n')
      .map((line) => {
        const [, name, licence] = /^(\S+) \d\S* \((.+)\)$/.exec(line) ?? []
        return [name!, { licence: licence!, text }] as const
      })
  }),
)

test('every library inside dist/ goes with its licence', async (t) => {
  // The bundler leaves a line above each file that it took in.
  const bundled = new Set<string>()
  for (const folder of ['dist', 'dist/chunks'])
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.js')))
      for (const [, name] of readFileSync(`${folder}/${file}`, 'utf8').matchAll(
        /^\/\/ \S*node_modules\/((?:@[^/]+\/)?[^/\n]+)/gm,
      ))
        bundled.add(name!)
  t.ok(bundled.size > 20, `${bundled.size} libraries`)
  for (const name of bundled) t.ok(shipped.has(name), name)
})

test('the licences are compatible with Apache-2.0, and their texts and notices are there', async (t) => {
  for (const [name, { licence, text }] of shipped) {
    t.ok(COMPATIBLE.has(licence), `${name}: ${licence}`)
    t.match(text, licence === 'Apache-2.0' ? /Apache License/ : /WARRANTIES|WARRANTY/, name)
  }
  t.match(shipped.get('@elastic/transport')?.text, /Client Transport\nCopyright/, "a NOTICE, by Apache's section 4d")
})
