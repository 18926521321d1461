import { test } from 'tap'
import { components } from '../../src/components.ts'
import { sluice } from '../kit/process.ts'

test('--version prints the version', async (t) => {
  const { code, stdout } = await sluice(['--version'])
  t.equal(code, 0)
  t.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('--help has examples, and names every command', async (t) => {
  const { code, stdout } = await sluice(['--help'])
  t.equal(code, 0)
  for (const command of ['run', 'validate', 'components', 'health']) {
    t.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  }
  t.match(stdout, /Examples:/)
})

test('an unknown command is refused with a suggestion', async (t) => {
  const { code, stderr } = await sluice(['validat'])
  t.equal(code, 2)
  t.match(stderr, /Did you mean validate\?/)
})

test('components lists every component with its kind', async (t) => {
  const { code, stdout } = await sluice(['components', '--json'])
  t.equal(code, 0)
  const rows = JSON.parse(stdout) as { kind: string; type: string; summary: string }[]
  for (const [kind, byType] of Object.entries(components)) {
    t.strictSame(new Set(rows.filter((row) => row.kind === kind).map(({ type }) => type)), new Set(Object.keys(byType)))
  }
  for (const { summary } of rows) t.match(summary, /^[A-Z].*\.$/)
})

test('components of a name that nothing has says so', async (t) => {
  const { code, stderr } = await sluice(['components', 'frobnicate'])
  t.equal(code, 1)
  t.match(stderr, /frobnicate/)
})

test('health says when nobody answers', async (t) => {
  const { code, stderr } = await sluice(['health', 'http://127.0.0.1:1/'])
  t.equal(code, 1)
  t.match(stderr, /does not answer/)
})
