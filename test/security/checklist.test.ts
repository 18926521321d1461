import { readFileSync } from 'node:fs'
import { test } from 'tap'

test('every line of the checklist has its test', async (t) => {
  const rows = readFileSync('docs/security.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| F?\d/.test(line))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  const points = new Set<string>()
  for (const row of rows) {
    const [point, , , ...rest] = row
    const [file, phrase] = rest.slice(-2)
    points.add(point!)
    t.ok(readFileSync(`test/${file}`, 'utf8').includes(phrase!), `${point}: ${file}: ${phrase}`)
  }
  for (let point = 1; point <= 20; point++) t.ok(points.has(String(point)), `point ${point}`)
  for (const fault of [26, 27, 28, 42, 43, 44, 45]) t.ok(points.has(`F${fault}`), `F${fault}`)
})
