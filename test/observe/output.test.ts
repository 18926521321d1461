import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { openOutput } from '../../src/observe/output.ts'
import { until } from '../kit/until.ts'

test('what is not taken yet waits, a mebibyte of it; what comes then is lost, and told', async (t) => {
  const path = join(t.testdir({}), 'agent.log')
  const failures: string[] = []
  const output = openOutput(path, (message) => failures.push(message))
  const line = `${'x'.repeat(64 * 1024 - 1)}\n`
  // Nothing is written before this function ends.
  for (let i = 0; i < 20; i++) output.write(line)
  t.same(failures, Array(4).fill(`lines of the log are lost: ${path} takes them too slowly`))
  await until(() => statSync(path).size === 1024 * 1024)
  output.write('there is room again\n')
  await output.close()
  t.equal(failures.length, 4)
  t.equal(readFileSync(path, 'utf8'), `${line.repeat(16)}there is room again\n`)
})
