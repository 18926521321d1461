// What goes on and what does not, as the collector has it.
import filter from '../../../src/processors/filter/index.ts'
import { attributeInput } from '../../kit/attributes.ts'
import { type Comparison, compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const gauge = { dataPoints: [{ asDouble: 1 }, { asInt: '2', attributes: [text('a', 'b')] }] }
const names = ['http.requests', 'http.duration', 'queue.size', 'ecs.task.cpu.utilized', '']
const metricInput = batchOf('metrics', {
  resourceMetrics: [
    { attributes: [text('service.name', 'shop'), text('region', 'eu-west-1')] },
    { attributes: [text('service.name', 'shipping'), { key: 'cores', value: { intValue: '8' } }] },
    { attributes: [] },
  ].map((resource) => ({
    resource,
    scopeMetrics: [
      { metrics: names.map((name) => ({ name, gauge })) },
      { scope: { name: 's' }, metrics: [{ name: 'http.size', histogram: { dataPoints: [{ count: '1' }] } }] },
    ],
  })),
})

const requests = [attributeInput.traces, attributeInput.logs, metricInput]
const cases: Comparison[] = []
const add = (signal: Comparison['signal'], section: string, name: string, config: object): void =>
  void cases.push({ name: `${signal}: ${name}`, signal, config: { [section]: config }, requests })

const metrics = (name: string, config: object): void => add('metrics', 'metrics', name, config)
for (const side of ['include', 'exclude']) {
  const of = (name: string, config: object): void => metrics(`${side} ${name}`, { [side]: config })
  of('nothing', {})
  of('names', { match_type: 'strict', metric_names: ['http.requests', 'ecs.task.cpu.utilized', 'none'] })
  of('a name that looks like a pattern', { match_type: 'strict', metric_names: ['http.*', ''] })
  of('patterns', { match_type: 'regexp', metric_names: ['^http\\.', 'size$'] })
  of('patterns, remembered', {
    match_type: 'regexp',
    regexp: { cacheenabled: true, cachemaxnumentries: 2 },
    metric_names: ['^http\\.'],
  })
  of('a resource', { match_type: 'strict', resource_attributes: [{ key: 'service.name', value: 'shop' }] })
  of('a resource that has something', { resource_attributes: [{ key: 'cores' }] })
  of('a number of a resource', { match_type: 'strict', resource_attributes: [{ key: 'cores', value: 8 }] })
  of('two attributes of a resource', {
    match_type: 'regexp',
    resource_attributes: [
      { key: 'service.name', value: '^sh' },
      { key: 'region', value: 'eu-' },
    ],
  })
  of('names of a resource', {
    match_type: 'strict',
    metric_names: ['http.size', 'queue.size'],
    resource_attributes: [{ key: 'service.name', value: 'shop' }],
  })
}
metrics('include and exclude', {
  include: { match_type: 'regexp', metric_names: ['^http'] },
  exclude: { match_type: 'strict', metric_names: ['http.size'], resource_attributes: [{ key: 'cores', value: 8 }] },
})
metrics('everything is dropped', { exclude: { match_type: 'regexp', metric_names: ['.*'] } })

const logs = (name: string, config: object): void => add('logs', 'logs', name, config)
for (const side of ['include', 'exclude']) {
  const of = (name: string, config: object): void => logs(`${side} ${name}`, { [side]: config })
  of('nothing', { match_type: 'strict' })
  of('bodies', { match_type: 'strict', bodies: ['GET /cart failed', '500'] })
  of('patterns of bodies', { match_type: 'regexp', bodies: ['cart', '^5'] })
  of('severity texts', { match_type: 'strict', severity_texts: ['info', 'ERROR'] })
  of('patterns of severity texts', { match_type: 'regexp', severity_texts: ['(?i)^e'] })
  for (const min of ['INFO', 'warn', 'ERROR2', '9', 'FATAL4', ''])
    for (const match_undefined of [true, false])
      of(`from ${min || 'any'} on, ${match_undefined ? 'with' : 'without'} those that do not say`, {
        severity_number: { min, match_undefined },
      })
  of('attributes of records', {
    match_type: 'strict',
    record_attributes: [{ key: 'flag', value: true }, { key: 'count' }],
  })
  of('patterns of attributes', { match_type: 'regexp', record_attributes: [{ key: 'http.route', value: '^/tenants' }] })
  of('attributes of resources', { match_type: 'strict', resource_attributes: [{ key: 'host.name', value: 'host-1' }] })
  of('all of it', {
    match_type: 'regexp',
    resource_attributes: [{ key: 'host.name', value: 'host' }],
    record_attributes: [{ key: 'http.route' }],
    severity_number: { min: 'INFO' },
    bodies: ['GET'],
  })
}
logs('include and exclude', {
  include: { match_type: 'strict', resource_attributes: [{ key: 'host.name', value: 'host-1' }] },
  exclude: { severity_number: { min: 'ERROR', match_undefined: true } },
})

const spans = (name: string, config: object): void => add('traces', 'spans', name, config)
for (const side of ['include', 'exclude']) {
  const of = (name: string, config: object): void => spans(`${side} ${name}`, { [side]: config })
  of('services', { match_type: 'strict', services: ['checkout', '7'] })
  of('names', { match_type: 'regexp', span_names: ['^GET'] })
  of('kinds', { match_type: 'strict', span_kinds: ['SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'] })
  of('attributes', { match_type: 'strict', attributes: [{ key: 'flag', value: true }] })
  of('libraries', { match_type: 'strict', libraries: [{ name: 'library', version: '' }] })
  of('resources', { match_type: 'strict', resources: [{ key: 'host.name' }] })
}
spans('include and exclude', {
  include: { match_type: 'regexp', span_names: ['^GET'] },
  exclude: { match_type: 'strict', services: ['checkout'] },
})
for (const signal of ['traces', 'logs', 'metrics'] as const)
  cases.push({ name: `${signal}: no word about it`, signal, config: { error_mode: 'silent' }, requests })

compare({ type: 'filter', factory: filter, recorded: 'test/processors/filter/collector.json' }, cases)

compareRefusals({ type: 'filter', factory: filter }, [
  {
    name: 'a strange match_type',
    signal: 'metrics',
    config: { metrics: { include: { match_type: 'glob', metric_names: ['a'] } } },
    message: /must be one of strict, regexp, expr/,
  },
  {
    name: 'no match_type',
    signal: 'metrics',
    config: { metrics: { include: { metric_names: ['a'] } } },
    message: /match_type must be given: strict or regexp/,
  },
  {
    name: 'a bad pattern',
    signal: 'metrics',
    config: { metrics: { exclude: { match_type: 'regexp', metric_names: ['('] } } },
    message: /missing|unexpected|parenthesis/i,
  },
  {
    name: 'a pattern of an attribute that is a number',
    signal: 'metrics',
    config: { metrics: { exclude: { match_type: 'regexp', resource_attributes: [{ key: 'a', value: 1 }] } } },
    message: /must be a text, since match_type is regexp/,
  },
  {
    name: 'a bad pattern of a record',
    signal: 'logs',
    config: { logs: { include: { match_type: 'regexp', record_attributes: [{ key: 'a', value: '[' }] } } },
    message: /missing|unexpected/i,
  },
  {
    name: 'no match_type for bodies',
    signal: 'logs',
    config: { logs: { include: { bodies: ['a'] } } },
    message: /match_type must be given/,
  },
  {
    name: 'a severity that is none',
    signal: 'logs',
    config: { logs: { include: { severity_number: { min: 'LOUD' } } } },
    message: /must be a severity: TRACE/,
  },
  {
    name: 'expressions for logs',
    signal: 'logs',
    config: { logs: { include: { match_type: 'expr', bodies: ['a'] } } },
    message: /must be one of strict, regexp/,
  },
  {
    name: 'nothing to match in spans',
    signal: 'traces',
    config: { spans: { include: { match_type: 'strict' } } },
    message: /must have one of services/,
  },
  {
    name: 'an error_mode that is none',
    signal: 'traces',
    config: { error_mode: 'loud' },
    message: /must be one of ignore, silent, propagate/,
  },
])
