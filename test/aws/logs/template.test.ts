import { test } from 'tap'
import * as v from 'valibot'
import { logGroupName, logStreamName, NameTemplate } from '../../../src/aws/logs/index.ts'
import { type AnyValue, Builder } from '../../../src/data/index.ts'

type Values = Readonly<Record<string, AnyValue>>

/** The names of events, resource by resource: what each resource has, and its events' times and attributes. */
function names(
  text: string,
  resources: readonly { readonly resource: Values; readonly events: readonly (readonly [timeMs: number, Values])[] }[],
  missing: string[] = [],
): string[] {
  const builder = new Builder('logs')
  const times: number[] = []
  for (const { resource, events } of resources) {
    builder.resource((writer) => writer.attributes(new Map(Object.entries(resource))))
    for (const [timeMs, attributes] of events) {
      times.push(timeMs)
      builder.add((record) => record.attributes(new Map(Object.entries(attributes))))
    }
  }
  const template = new NameTemplate(text, (placeholder) => missing.push(placeholder))
  const made: string[] = []
  builder.build().visit({
    onResource: ({ attributes }) => template.enter(attributes),
    onLog: ({ attributes }) => void made.push(template.nameOf(attributes, times[made.length]!)),
  })
  return made
}
const DAY = Date.UTC(2026, 1, 3, 23, 59)

test('a name without placeholders is itself', async (t) => {
  t.same(names('/aws/rds/main', [{ resource: {}, events: [[0, {}]] }]), ['/aws/rds/main'])
})

test("the collector's words stand for its attributes, and the attribute of the very name wins", async (t) => {
  const words = {
    ClusterName: 'aws.ecs.cluster.name',
    TaskId: 'aws.ecs.task.id',
    NodeName: 'k8s.node.name',
    PodName: 'pod',
    ServiceName: 'service.name',
    ContainerInstanceId: 'aws.ecs.container.instance.id',
    TaskDefinitionFamily: 'aws.ecs.task.family',
    InstanceId: 'service.instance.id',
    FaasName: 'faas.name',
    FaasVersion: 'faas.version',
  }
  for (const [word, attribute] of Object.entries(words)) {
    t.same(names(`/x/{${word}}`, [{ resource: { [attribute]: 'value' }, events: [[0, {}]] }]), ['/x/value'])
    t.same(names(`/x/{${word}}`, [{ resource: { [attribute]: 'value', [word]: 'wins' }, events: [[0, {}]] }]), [
      '/x/wins',
    ])
  }
})

test('any attribute can be named, of the resource first, then of the record', async (t) => {
  const made = names('{service.name}.{tenant}', [
    {
      resource: { 'service.name': 'order' },
      events: [
        [0, { tenant: 'a', 'service.name': 'not asked' }],
        [0, { tenant: 7n }],
      ],
    },
    { resource: { 'service.name': 'payment', tenant: true }, events: [[0, { tenant: 'not asked' }]] },
  ])
  t.same(made, ['order.a', 'order.7', 'payment.true'])
})

test('what is missing or empty is undefined, and told of', async (t) => {
  const missing: string[] = []
  const made = names('/ecs/{ServiceName}/{tenant}', [{ resource: { 'service.name': '' }, events: [[0, {}]] }], missing)
  t.same(made, ['/ecs/undefined/undefined'])
  t.same(missing, ['ServiceName', 'tenant'])
})

test('dates are of the day of the event, in UTC', async (t) => {
  const events = [
    [DAY, {}],
    [DAY + 60_000, {}],
    [DAY, {}],
    [DAY + 7200_000, {}],
  ] as const
  const resource = { 'deployment.environment.name': 'production' }
  t.same(names('{deployment.environment.name}-{date}', [{ resource, events }]), [
    'production-2026-02-03',
    'production-2026-02-04',
    'production-2026-02-03',
    'production-2026-02-04',
  ])
  t.same(names('{date:yyyy/MM/dd HH}h', [{ resource, events }]), [
    '2026/02/03 23h',
    '2026/02/04 00h',
    '2026/02/03 23h',
    '2026/02/04 01h',
  ])
})

test('a name is checked before anything is sent', async (t) => {
  const problem = (schema: typeof logGroupName, text: unknown): string | undefined =>
    v.safeParse(schema, text).issues?.[0].message
  for (const good of [
    '/ecs/{ServiceName}',
    'a.b-c_d/e#f',
    '',
    '{any attribute: at all}',
    '/x/{date}',
    'odd}'.slice(0, 3),
  ])
    t.equal(problem(logGroupName, good), undefined, good)
  t.match(problem(logGroupName, '/ecs/my service'), /must be of letters.*has " "/)
  t.match(problem(logGroupName, 'größe'), /has "ö"/)
  t.match(problem(logGroupName, '/x/{date:HH:mm}'), /has ":"/)
  t.match(problem(logGroupName, '/ecs/{ServiceName'), /has "\{"/)
  t.match(problem(logGroupName, '/ecs/{}'), /placeholder without a name/)
  t.match(problem(logGroupName, 5), /must be a text/)
  t.equal(problem(logStreamName, 'größe {ServiceName} {date}'), undefined)
  t.match(problem(logStreamName, 'a:b'), /must not have ":"/)
})
