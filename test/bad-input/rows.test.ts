import { readFileSync } from 'node:fs'
import { test } from 'tap'

test('every row of the table has its test', async (t) => {
  const rows = readFileSync('test/bad-input/README.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  for (const [row, , , file, phrase] of rows)
    t.ok(readFileSync(`test/${file}`, 'utf8').includes(phrase!), `row ${row}: ${phrase}`)
  t.ok(rows.length > 70, `${rows.length} rows`)
})
