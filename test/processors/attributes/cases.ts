// Configs that this processor and the collector's must understand alike.
export interface Case {
  readonly name: string
  readonly signals: readonly ('traces' | 'logs' | 'metrics')[]
  readonly config: { readonly include?: object; readonly exclude?: object; readonly actions: readonly object[] }
}

const every = ['traces', 'logs', 'metrics'] as const
const mark = [{ key: 'selected', value: true, action: 'insert' }]
const case_ = (name: string, signals: Case['signals'], config: Case['config']): Case => ({ name, signals, config })
const actions = (name: string, ...list: object[]): Case => case_(name, every, { actions: list })

const values = ['text', '', 0, 42, -1, 1.5, 9007199254740991, true, false, [1, 'a', [2.5]], { b: { c: [1] }, a: 'x' }]

export const actionCases: readonly Case[] = [
  ...(['insert', 'update', 'upsert', 'UPSERT'] as const).flatMap((action) => [
    actions(
      `${action} value`,
      ...values.map((value, i) => ({ key: `new.${i}`, value, action })),
      ...values.map((value, i) => ({ key: ['count', 'flag', 'map', 'http.route', 'bytes'][i % 5], value, action })),
    ),
    actions(
      `${action} from_attribute`,
      ...['ratio', 'large', 'list', 'map', 'bytes', 'empty', 'absent', 'flag'].map((from_attribute) => ({
        key: `copy.${from_attribute}`,
        from_attribute,
        action,
      })),
      { key: 'count', from_attribute: 'ratio', action },
      { key: 'ratio', from_attribute: 'count', action },
      { key: 'flag', from_attribute: 'flag', action },
    ),
    actions(
      `${action} default_value`,
      { key: 'a', from_attribute: 'user.email', default_value: 'nobody', action },
      { key: 'b', default_value: [1, 2], action },
      { key: 'count', from_attribute: 'absent', default_value: 1.25, action },
      { key: 'flag', from_context: 'metadata.absent', default_value: false, action },
      { key: 'ratio', value: 'given', default_value: 'not used', action },
    ),
    actions(
      `${action} from_context`,
      ...['metadata.X-Tenant', 'x-tenant', 'metadata.x-many', 'metadata.absent', 'auth.user', 'client.address'].map(
        (from_context) => ({ key: from_context, from_context, action }),
      ),
      { key: 'flag', from_context: 'metadata.x-tenant', action },
    ),
  ]),
  actions('delete', { key: 'flag', action: 'delete' }, { key: 'absent', action: 'delete' }),
  actions('delete by pattern', { pattern: '^http\\.|^user', action: 'delete' }),
  actions('delete by pattern, any case', { pattern: '(?i)^HTTP', action: 'delete' }),
  actions('delete by key and pattern', { key: 'flag', pattern: 'l{2}|^r', action: 'delete' }),
  actions('delete everything', { pattern: '', key: 'count', action: 'delete' }, { pattern: '.*', action: 'delete' }),
  actions('delete, then insert', { key: 'flag', action: 'delete' }, { key: 'flag', value: 'again', action: 'insert' }),
  actions('insert, then delete', { key: 'x', value: 1, action: 'insert' }, { key: 'x', action: 'delete' }),
  actions(
    'hash',
    ...[
      'http.route',
      'flag',
      'count',
      'large',
      'ratio',
      'small',
      'list',
      'map',
      'bytes',
      'empty',
      'absent',
      'user.name',
      'text',
    ].map((key) => ({ key, action: 'hash' })),
  ),
  actions('hash by pattern', { pattern: '^(user|http)\\.', action: 'hash' }),
  actions('hash twice', { key: 'user.email', pattern: 'email$', action: 'hash' }),
  actions('extract', { key: 'http.route', pattern: '^/tenants/(?P<tenant>[^/]+)/(?P<rest>.*)$', action: 'extract' }),
  actions('extract over what is there', {
    key: 'http.route',
    pattern: '/(?P<flag>[a-z]+)/?(?P<list>x)?',
    action: 'extract',
  }),
  actions('extract with (?i) and a name in angle brackets', {
    key: 'http.route',
    pattern: '(?i)/(?<word>HEALTH)',
    action: 'extract',
  }),
  actions(
    'extract from what was inserted',
    { key: 'x', value: 'k=v', action: 'insert' },
    { key: 'x', pattern: '(?P<left>.)=(?P<right>.)', action: 'extract' },
  ),
  ...['string', 'int', 'double'].map((converted_type) =>
    actions(
      `convert to ${converted_type}`,
      ...['http.route', 'flag', 'count', 'ratio', 'small', 'list', 'map', 'bytes', 'empty', 'absent', 'text'].map(
        (key) => ({
          key,
          action: 'convert',
          converted_type,
        }),
      ),
    ),
  ),
  actions('convert large numbers to string', { key: 'large', action: 'convert', converted_type: 'string' }),
  actions('convert large numbers to double', { key: 'large', action: 'convert', converted_type: 'double' }),
  ...[
    '3.0',
    '1e400',
    'nan',
    '-nan',
    'Infinity',
    '+inf',
    '.5',
    '5.',
    '1_000',
    '1__0',
    '_1',
    '1_',
    '1_.5',
    '0x_1p2',
    '0x1_p2',
    '0x1',
    '0x.8p0',
    '0x1.fffffffffffffp1023',
    '1e-400',
    '0x10',
    '0x1p-2',
    ' 1',
    '-0',
    '9223372036854775807',
    '-9223372036854775808',
    '00012',
    '1e5',
    '',
  ].flatMap((value) => [
    actions(
      `convert ${JSON.stringify(value)} to int`,
      { key: 'x', value, action: 'insert' },
      { key: 'x', action: 'convert', converted_type: 'int' },
    ),
    actions(
      `convert ${JSON.stringify(value)} to double`,
      { key: 'x', value, action: 'insert' },
      { key: 'x', action: 'convert', converted_type: 'double' },
    ),
  ]),
]

const chosen = (name: string, signals: Case['signals'], include: object): Case[] => [
  case_(`include ${name}`, signals, { include, actions: mark }),
  case_(`exclude ${name}`, signals, { exclude: include, actions: mark }),
]
const strict = { match_type: 'strict' }
const regexp = { match_type: 'regexp' }
const withScope = ['traces', 'logs'] as const

export const selectionCases: readonly Case[] = [
  ...chosen('services', ['traces'], { ...strict, services: ['checkout'] }),
  ...chosen('services that are no texts', ['traces'], { ...strict, services: ['7'] }),
  ...chosen('services that are not there', ['traces'], { ...regexp, services: ['^<nil'] }),
  ...chosen('span names', ['traces'], { ...strict, span_names: ['GET /cart/0', 'POST /cart/1'] }),
  ...chosen('span names by pattern', ['traces'], { ...regexp, span_names: ['^GET', '/2$'] }),
  ...chosen('span names by pattern, remembered', ['traces'], {
    ...regexp,
    regexp: { cacheenabled: true, cachemaxnumentries: 2 },
    span_names: ['^(?i)get'],
  }),
  ...chosen('span kinds', ['traces'], { ...strict, span_kinds: ['SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER'] }),
  ...chosen('span kinds by pattern', ['traces'], { ...regexp, span_kinds: ['ER$', 'UNSPEC'] }),
  ...chosen('several span properties', ['traces'], {
    ...regexp,
    services: ['check'],
    span_names: ['GET'],
    attributes: [{ key: 'count' }],
  }),
  ...chosen('log bodies', ['logs'], { ...strict, log_bodies: ['500', 'GET /cart failed'] }),
  ...chosen('log bodies by pattern', ['logs'], { ...regexp, log_bodies: ['^$', 'fail'] }),
  ...chosen('severity texts', ['logs'], { ...strict, log_severity_texts: ['error', ''] }),
  ...chosen('severity numbers', ['logs'], { ...strict, log_severity_number: { min: 9 } }),
  ...chosen('severity numbers and none', ['logs'], {
    ...strict,
    log_severity_number: { min: 17, match_undefined: true },
  }),
  ...chosen('metric names', ['metrics'], { ...strict, metric_names: ['requests', 'latency.exp'] }),
  ...chosen('metric names by pattern', ['metrics'], { ...regexp, metric_names: ['^latency\\.'] }),
  ...['count', 'flag', 'large', 'absent', 'empty'].flatMap((key) =>
    chosen(`attribute ${key}`, withScope, { ...strict, attributes: [{ key }] }),
  ),
  ...[
    { key: 'count', value: 42 },
    { key: 'count', value: '42' },
    { key: 'flag', value: false },
    { key: 'small', value: -0.75 },
    { key: 'ratio', value: 2 },
    { key: 'list', value: ['a', 1] },
    { key: 'map', value: { a: 1, z: '<last>' } },
    { key: 'http.route', value: '/health' },
    { key: 'text', value: '' },
  ].flatMap((attribute) =>
    chosen(`attribute ${JSON.stringify(attribute)}`, withScope, { ...strict, attributes: [attribute] }),
  ),
  ...[
    { key: 'count', value: '^4' },
    { key: 'flag', value: '^t' },
    { key: 'small', value: '^-0\\.75$' },
    { key: 'ratio', value: '^2$' },
    { key: 'large', value: '^1000' },
    { key: 'list', value: '.' },
    { key: 'http.route', value: '^/h|5' },
  ].flatMap((attribute) =>
    chosen(`attribute like ${JSON.stringify(attribute)}`, withScope, { ...regexp, attributes: [attribute] }),
  ),
  ...chosen('two attributes', withScope, {
    ...strict,
    attributes: [
      { key: 'flag', value: true },
      { key: 'http.method', value: 'GET' },
    ],
  }),
  ...chosen('resources', withScope, { ...strict, resources: [{ key: 'host.name', value: 'host-2' }] }),
  ...chosen('resources by pattern', withScope, {
    ...regexp,
    resources: [
      { key: 'region', value: '^eu-' },
      { key: 'cores', value: '8' },
    ],
  }),
  ...chosen('libraries', withScope, { ...strict, libraries: [{ name: 'library' }] }),
  ...chosen('libraries with a version', withScope, { ...strict, libraries: [{ name: 'library', version: '1.0.0' }] }),
  ...chosen('libraries without a version', withScope, { ...strict, libraries: [{ name: 'library', version: '' }] }),
  ...chosen('two libraries', withScope, { ...regexp, libraries: [{ name: 'lib' }, { name: 'rary$', version: '^1' }] }),
  case_('include and exclude', ['traces'], {
    include: { ...regexp, span_names: ['GET'] },
    exclude: { ...strict, attributes: [{ key: 'flag' }] },
    actions: mark,
  }),
]
