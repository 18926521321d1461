// Right after `sluice new` types and style are as they were.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { KINDS, projectWithNew, run } from './project.ts'

/** Short and long ones: lines break elsewhere. */
const names = {
  receiver: 'sun',
  processor: 'a_name_that_is_long_enough_to_break_most_of_the_lines_in_there',
  exporter: 'my-exporter',
  connector: 'connector_of_things_that_would_otherwise_never_meet',
  extension: 'x9',
}

test('npm run check is green with a new component of each kind', async (t) => {
  const { folder, told } = await projectWithNew(t, names)
  for (const [index, kind] of KINDS.entries()) {
    const { code, output } = told[index]!
    t.equal(code, 0, output)
    const type = names[kind].replaceAll('-', '_')
    t.match(output, `The ${kind} ${type} is there.`)
    const written = pathsIn(output)
    for (const path of written) t.ok(existsSync(join(folder, path)), path)
    t.ok(written.includes(`test/${kind}s/${type}/cases/first/expected.json`))
    t.match(output, /schema\/sluice\.schema\.json and docs\/reference/, 'what is generated is current')
  }
  t.match(told[2]!.output, /^In configs it is called my_exporter/)
  t.equal(JSON.parse(readFileSync('package.json', 'utf8')).scripts.check, 'tsc -p . && biome check')
  // The rest is as it is in the project, where it is checked anyway.
  const files = [...new Set(told.flatMap(({ output }) => pathsIn(output)))].filter((path) => path.endsWith('.ts'))
  writeFileSync(join(folder, 'tsconfig.new.json'), JSON.stringify({ extends: './tsconfig.json', include: [], files }))
  for (const args of [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.new.json'],
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--diagnostic-level=warn', ...files],
  ]) {
    const { code, output } = await run(folder, args)
    t.equal(code, 0, output.slice(-4000))
  }
})

const pathsIn = (told: string): string[] => [...told.matchAll(/^ {2}([\w./-]+)$/gm)].map(([, path]) => path!)
