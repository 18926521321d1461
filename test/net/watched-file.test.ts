import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { WatchedFile } from '../../src/net/watched-file.ts'
import { testSettings } from '../../src/testing/index.ts'

test('what is no small file is refused, with the name of its setting; what was there before stays', async (t) => {
  const path = join(t.testdir({ token: 'first' }), 'token')
  const settings = testSettings()
  const taken: string[] = []
  const file = new WatchedFile({ path, setting: 'filename', take: (text) => void taken.push(text) }, settings)
  t.equal(await file.read(), true)
  writeFileSync(path, 'x'.repeat(1024 * 1024 + 1))
  await t.rejects(file.read(), { message: /^filename: .*token has 1048577 bytes, more than 1048576$/ })
  t.equal(await file.look(), false)
  t.equal(await file.look(), false)
  t.match(settings.lines, [{ level: 'warn', message: 'file cannot be read, what it said before stays' }])
  writeFileSync(path, 'second')
  t.equal(await file.look(), true)
  t.same(taken, ['first', 'second'])
})
