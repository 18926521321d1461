// docs/xray.md says what the code does: each row is tried.
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { aws, exception, resource, span, xray } from '../../../src/aws/xray/attributes.ts'
import { decode } from './spans.ts'

const page = readFileSync('docs/xray.md', 'utf8')
const rows = (heading: string): (readonly [document: string, attribute: string])[] => {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| (.*) \| (.*) \|$/gm)]
    .map(([, document = '', attribute = '']) => [document, attribute] as const)
    .filter(([document]) => document !== 'document')
}
const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)

const minimal = { name: 's', id: '70de5b6f19ff9a0a', trace_id: '1-581cf771-a006649127e371903a2de979', start_time: 1 }

/** `aws.ec2.ami_id`, `cause.exceptions[].id`: a document with that value there. */
function documentWith(path: string, value: unknown): object {
  let inner = value
  for (const key of path.split('.').toReversed())
    inner = key.endsWith('[]') ? { [key.slice(0, -2)]: [inner] } : { [key]: inner }
  return { ...minimal, ...(inner as object) }
}

/** The value that a member of another type than text has. */
const values: Readonly<Record<string, unknown>> = {
  in_progress: true,
  fault: true,
  error: true,
  throttle: true,
  traced: true,
  precursor_ids: ['a'],
  'http.request.x_forwarded_for': true,
  'http.response.status': 200,
  'http.response.content_length': 12,
  'aws.table_names': ['a', 'b'],
  'aws.retries': 2,
  annotations: { a: 'text' },
  metadata: { space: { a: 1 } },
  'cause.paths': ['a'],
  'cause.exceptions[].remote': true,
  'cause.exceptions[].truncated': 1,
  'cause.exceptions[].skipped': 1,
  'cause.exceptions[].stack': [{ path: 'a', line: 1, label: 'f' }],
  'aws.elastic_beanstalk.deployment_id': 12,
  origin: 'AWS::ECS::Container',
  aws: {},
  'aws.xray.sdk': 'X-Ray for Go',
}

for (const [heading, where] of [
  ['Attributes of the span', 'attributes'],
  ['Attributes of the resource', 'resource'],
  ['Events', 'events'],
] as const)
  test(`the page is right: ${heading.toLowerCase()}`, async (t) => {
    let cases = 0
    for (const [document, attribute] of rows(heading)) {
      if (document.startsWith('anything else')) continue
      for (const path of codes(document)) {
        const [made] = decode(documentWith(path, values[path] ?? 'text'))
        const found: object = where === 'events' ? (made!.events[0]?.attributes ?? {}) : made![where]
        const name = codes(attribute)[0]!
        const key = path === 'metadata' ? `${name}space` : path === 'annotations' ? 'a' : name
        t.ok(key in found, `${path}: ${key}`)
        cases++
      }
    }
    t.ok(cases > 5)
  })

test('every name that the two directions share stands on the page', async (t) => {
  const all = [xray, exception, aws, span, resource].flatMap((table) => Object.values(table).flat())
  for (const name of all) t.ok(page.includes(`\`${name}\``), name)
  t.ok(all.length > 60)
})
