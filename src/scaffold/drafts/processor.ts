import type { Drafts, Name } from '../draft.ts'

/** Edits and drops item by item: the kind that the agent runs in one pass with its neighbours. */
export function processor({ type, pascal }: Name): Drafts {
  const draft = {
    summary: 'Copies an attribute of spans and log records to another, and drops those with certain values.',
    whenToUse: 'When a destination knows an attribute under another name, and some of its values are of no use there.',
    howItWorks:
      'Items without the attribute pass as they are, in the very same bytes. What is dropped is counted with the reason `unwanted`.',
    fact: '',
    schema: `section({
  from: required(nonEmptyText, 'The attribute that is looked at.'),
  to: required(nonEmptyText, 'The attribute that gets its value.'),
  drop: setting(list(text), [], 'Values of \`from\` whose items are dropped.'),
})`,
    create: '{ traces: forTraces, logs: forLogs }',
    wiring: `export function forTraces(config: ${pascal}Config): ItemProcessor<'traces'> {
  const edit = editOf(config)
  return { visitor: { onSpan: ({ attributes }) => edit(attributes) }, dropReason: 'unwanted' }
}

export function forLogs(config: ${pascal}Config): ItemProcessor<'logs'> {
  const edit = editOf(config)
  return { visitor: { onLog: ({ attributes }) => edit(attributes) }, dropReason: 'unwanted' }
}

/** Whether the item stays. Keys become bytes once, here, and not for each item. */
function editOf({ from, to, drop }: ${pascal}Config): (attributes: Attributes) => boolean {
  const [source, target] = [keyOf(from), keyOf(to)]
  const unwanted = new Set(drop)
  return (attributes) => {
    const value = attributes.getString(source)
    if (value === undefined) return true
    if (unwanted.has(value)) return false
    attributes.set(target, value)
    return true
  }
}
`,
    example: 'from: http.route\nto: route\ndrop: [/healthz]',
    golden: {
      config: 'from: http.route\nto: route\ndrop: [/healthz]\n',
      input: batchOf([span('list', route), span('probe', [attribute('http.route', '/healthz')]), span('other', [])]),
      expected: {
        out: [batchOf([span('list', [...route, attribute('route', '/orders')]), span('other')])],
        accounts: { traces: { entered: 3, out: 2, dropped: { unwanted: 1 } } },
      },
    },
    goldenTest: 'one.expect(await outcome(factory, one))',
  }
  return {
    plugin: { ...draft, contractConfig: "{ from: 'http.route', to: 'route' }" },
    project: {
      ...draft,
      minimal: "() => ({ from: 'absent', to: 'copy' })",
      changes: `tested('processors/${type}', {
      from: { value: 'http.route', change: 'which attribute is looked at' },
      to: { value: 'route', change: 'which attribute gets the value' },
      drop: { value: ['/healthz'], change: 'which items are dropped' },
    })`,
    },
  }
}

const attribute = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const route = [attribute('http.route', '/orders')]
const span = (name: string, attributes?: readonly object[]): object => ({
  name,
  ...(attributes !== undefined && attributes.length > 0 && { attributes }),
})
const batchOf = (spans: readonly object[]): object => ({
  resourceSpans: [{ resource: { attributes: [attribute('service.name', 'shop')] }, scopeSpans: [{ spans }] }],
})
