import type { Draft, Drafts, Name } from '../draft.ts'

/** Posts log records as JSON, with the settings and the connections of all HTTP clients. */
export function exporter(name: Name): Drafts {
  const draft = draftOf(name)
  return {
    plugin: { ...draft, contractConfig },
    project: { ...draft, minimal: '({ http }) => ({ endpoint: `${http.url}/v1/logs` })', changes },
  }
}

function draftOf({ pascal }: Name): Draft {
  return {
    summary: 'Posts log records to an HTTP endpoint as JSON.',
    whenToUse: 'When what takes the log records speaks HTTP and reads JSON, and no other exporter knows its format.',
    howItWorks:
      'A request for each batch: a list of `{ "service", "severity", "body" }`. Queue, retries and the time limit are those of every exporter; TLS,\ncompression, proxies and `auth` those of every HTTP client.',
    fact: "signals: ['logs'],",
    schema: `v.pipe(
  section({
    ...httpClientSettings({ compression: 'gzip' }),
    ...deliverySettings({ timeout: '10s' }),
  }),
  v.check(
    ({ endpoint }) => endpoint !== '',
    coded('missing_setting', 'needs to know where to send to: endpoint: http://localhost:9000/'),
  ),
  checkHttpClient(),
)`,
    create: `create${pascal}Exporter`,
    wiring: `const serviceName = keyOf('service.name')

export function create${pascal}Exporter(config: ${pascal}Config, settings: Settings): Exporter {
  const client = new HttpClient(config, settings)
  let target: HttpTarget | undefined
  return deliver<Buffer>(
    {
      logs: {
        async open(host) {
          client.start(host)
          noteWithoutEffect(config, 'http', settings.log)
          const headers = { 'content-type': 'application/json', 'user-agent': userAgentOf(settings.agent) }
          target = await client.target(config.endpoint, headers)
        },
        async close() {
          client.close()
        },
        encode: (batch) => [{ request: Buffer.from(encode(batch)), items: batch.items }],
        async send({ request }, context) {
          const reply = await client.post(target!, [request], request.length, context.abort, { context })
          if (reply.status < 200 || reply.status > 299) throw errorOfReply(reply, settings.clock.now())
        },
      },
    },
    config,
    settings,
  )
}

${encode}`,
    example: 'endpoint: http://127.0.0.1:9000/logs',
    golden,
    goldenTest,
  }
}

const golden: Draft['golden'] = {
  config: '# endpoint is added by the test: it is the address of its destination\ncompression: none\n',
  input: {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeLogs: [
          {
            logRecords: [
              { severityNumber: 9, body: { stringValue: 'paid' } },
              { severityNumber: 17, body: { stringValue: 'no stock' } },
            ],
          },
        ],
      },
    ],
  },
  expected: {
    requests: [
      [
        { service: 'shop', severity: 9, body: 'paid' },
        { service: 'shop', severity: 17, body: 'no stock' },
      ],
    ],
    accounts: { logs: { entered: 2, out: 2 } },
  },
}

const goldenTest = `const destination = await HttpDestination.start()
    try {
      const config = { ...one.config, endpoint: destination.url }
      const { accounts } = await outcome(factory, { ...one, config })
      one.expect({ requests: destination.bodies.map((body) => JSON.parse(body)), accounts })
    } finally {
      await destination.stop()
    }`

const encode = `/** The body of a request: a list with an object for each log record. */
function encode(batch: Batch<'logs'>): string {
  const records: object[] = []
  batch.visit({
    onLog(record, _scope, resource) {
      records.push({
        service: resource.attributes.getString(serviceName) ?? 'unknown',
        severity: record.severityNumber,
        body: String(record.body),
      })
    },
  })
  return JSON.stringify(records)
}
`

const contractConfig = `async ({ after }: ContractScene) => {
  const destination = await HttpDestination.start()
  after(() => destination.stop())
  return { endpoint: destination.url }
}`

const changes = `{
      ...httpClientChanges,
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { http }) => void http.answers.push({ status: 503 }) }),
      ...timeoutChange,
    }`
