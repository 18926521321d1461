// Right after `sluice new` the component's own test passes, and the contract's for all components.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { KINDS, projectWithNew, run } from './project.ts'

const type = 'shiny_thing'
const names = { receiver: type, processor: type, exporter: type, connector: type, extension: type }

test('the tests of a new component of each kind pass, and can fail', async (t) => {
  const { folder, told } = await projectWithNew(t, names)
  for (const { code, output } of told) t.equal(code, 0, output)

  const runs = KINDS.map(async (kind) => {
    const { code, output } = await run(folder, [`test/${kind}s/${type}/${type}.test.ts`])
    t.equal(code, 0, output)
    t.match(output, /ok 1 - case first/)
  })
  for (const file of ['test/architecture/rooms.test.ts', 'test/docs/docs.test.ts', 'test/docs/reference.test.ts'])
    runs.push(
      run(folder, [file]).then(({ code, output }) => {
        t.equal(code, 0, output.slice(-4000))
      }),
    )
  // Only those of the new ones: the others have passed where they are.
  for (const [file, tests] of [
    ['test/contract/registry.test.ts', 35],
    ['test/contract/settings/settings.test.ts', 15],
  ] as const)
    runs.push(
      run(folder, [file], { TAP_GREP: `/${type}/` }).then(({ code, output }) => {
        t.equal(code, 0, output)
        const passed = [...output.matchAll(/^ok .*shiny_thing/gm)].length
        t.ok(passed >= tests, `${file}: ${passed} tests of the new ones`)
      }),
    )
  await Promise.all(runs)

  // Twice is refused, and what is not expected is told.
  const again = await run(folder, ['src/main.ts', 'new', 'exporter', type])
  t.match(again, { code: 2, output: 'sluice: there is an exporter shiny_thing already. What about my_shiny_thing?\n' })
  writeFileSync(join(folder, `test/exporters/${type}/cases/first/config.yaml`), 'compression: none\ntimeout: lots\n')
  const failed = await run(folder, [`test/exporters/${type}/${type}.test.ts`])
  t.equal(failed.code, 1)
  t.match(failed.output, /timeout: .*got "lots"|timeout: .*lots/)
})
