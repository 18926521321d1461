// Segment documents at random, by all that AWS's page of the format says, and some that it does not.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export interface Document {
  readonly [key: string]: Json
}

export class DocumentGenerator {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }
  #maybe<T extends Json>(make: () => T, oneIn = 2): T | undefined {
    return this.below(oneIn) === 0 ? make() : undefined
  }
  #pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** With subsegments, three deep. */
  document(): Document {
    const isSubsegment = this.below(5) === 0
    return some({
      name: this.#name(),
      id: this.#hex(16),
      trace_id: `1-${this.#hex(8)}-${this.#hex(24)}`,
      parent_id: isSubsegment ? this.#hex(16) : this.#maybe(() => this.#hex(16), 3),
      type: isSubsegment ? 'subsegment' : undefined,
      ...this.#common(0),
      ...(isSubsegment ? this.#ofSubsegment() : this.#ofSegment()),
    })
  }

  #common(depth: number): Partial<Record<string, Json | undefined>> {
    const start = 1_700_000_000 + this.below(1e8)
    const isOpen = this.below(6) === 0
    return {
      start_time: start + this.below(1e6) / 1e6,
      end_time: isOpen ? undefined : start + 1 + this.below(1e6) / 1e6,
      in_progress: isOpen ? true : this.#maybe(() => false, 8),
      fault: this.#maybe(() => this.#flag(), 4),
      error: this.#maybe(() => this.#flag(), 4),
      throttle: this.#maybe(() => this.#flag(), 6),
      http: this.#maybe(() => this.#http()),
      cause: this.#maybe(() => this.#cause(), 3),
      aws: this.#maybe(() => this.#aws()),
      annotations: this.#maybe(() => this.#annotations()),
      metadata: this.#maybe(() => this.#metadata()),
      links: this.#maybe(() => this.#links(), 5),
      subsegments: depth < 3 ? this.#maybe(() => this.#list(1, 3, () => this.#subsegment(depth + 1))) : undefined,
      [this.#pick(['inferred', 'future', 'name_2'])]: this.#maybe(() => this.#json(0) ?? 'none', 4),
    }
  }

  #subsegment(depth: number): Document {
    return some({ name: this.#name(), id: this.#hex(16), ...this.#common(depth), ...this.#ofSubsegment() })
  }

  #ofSubsegment(): Partial<Record<string, Json | undefined>> {
    return {
      namespace: this.#maybe(() => this.#pick(['aws', 'remote', 'local'])),
      precursor_ids: this.#maybe(() => this.#list(0, 3, () => this.#hex(16)), 4),
      traced: this.#maybe(() => this.#flag(), 4),
      sql: this.#maybe(
        () =>
          this.#texts([
            'url',
            'connection_string',
            'sanitized_query',
            'database_type',
            'database_version',
            'driver_version',
            'user',
            'preparation',
          ]),
        3,
      ),
    }
  }

  #ofSegment(): Partial<Record<string, Json | undefined>> {
    return {
      service: this.#maybe(() => this.#texts(['version', 'compiler', 'compiler_version', 'runtime'])),
      origin: this.#maybe(() =>
        this.#pick([
          'AWS::EC2::Instance',
          'AWS::ECS::Container',
          'AWS::ECS::Fargate',
          'AWS::ElasticBeanstalk::Environment',
          'AWS::EKS::Container',
          'AWS::Lambda::Function',
          'AWS::ApiGateway::Stage',
        ]),
      ),
      user: this.#maybe(() => this.#text(), 4),
      resource_arn: this.#maybe(() => `arn:aws:ecs:eu-west-1:1:${this.#hex(4)}`, 4),
    }
  }

  #http(): Document {
    const request = some({
      ...this.#texts(['method', 'url', 'user_agent', 'client_ip']),
      x_forwarded_for: this.#maybe(() => this.#flag(), 3),
      traced: this.#maybe(() => this.#flag(), 5),
    })
    const response = some({
      status: this.#maybe(() => this.#pick([200, 201, 302, 400, 404, 429, 500, 503])),
      content_length: this.#maybe(() => this.#pick<Json>([0, 12, 1e9, '120'])),
      status_text: this.#maybe(() => this.#text(), 6),
    })
    return some({ request: this.#maybe(() => request), response: this.#maybe(() => response) })
  }

  #cause(): Json {
    if (this.below(4) === 0) return this.#hex(16)
    return some({
      working_directory: this.#maybe(() => this.#text()),
      paths: this.#maybe(() => this.#list(0, 3, () => this.#text()), 3),
      id: this.#maybe(() => this.#hex(16), 6),
      exceptions: this.#list(0, 3, () =>
        some({
          id: this.#hex(16),
          message: this.#maybe(() => this.#text()),
          type: this.#maybe(() => this.#text()),
          remote: this.#maybe(() => this.#flag()),
          truncated: this.#maybe(() => this.below(100), 4),
          skipped: this.#maybe(() => this.below(100), 4),
          cause: this.#maybe(() => this.#hex(16), 4),
          stack: this.#maybe(() => this.#list(0, 5, () => this.#frame())),
          column: this.#maybe(() => this.below(10), 8),
        }),
      ),
    })
  }

  #frame(): Document {
    return some({
      path: this.#maybe(() => this.#pick(['/app/a.js', 'C:\\b.js', 'native', 'a(b).js', 'x:12', ''])),
      line: this.#maybe(() => this.below(1000)),
      label: this.#maybe(() => this.#pick(['f', 'Object.<anonymous>', 'a (b)', 'ü\n', ''])),
      file: this.#maybe(() => this.#text(), 10),
    })
  }

  #aws(): Document {
    return some({
      ...this.#texts(['operation', 'account_id', 'region', 'request_id', 'queue_url', 'table_name', 'id_2']),
      table_names: this.#maybe(() => this.#list(0, 3, () => this.#text()), 4),
      retries: this.#maybe(() => this.below(5), 4),
      ec2: this.#maybe(() => this.#texts(['instance_id', 'availability_zone', 'instance_size', 'ami_id', 'vpc']), 4),
      ecs: this.#maybe(
        () =>
          this.#texts([
            'container',
            'container_id',
            'container_arn',
            'task_arn',
            'task_family',
            'launch_type',
            'cluster_arn',
          ]),
        4,
      ),
      eks: this.#maybe(() => this.#texts(['cluster_name', 'pod', 'container_id']), 4),
      elastic_beanstalk: this.#maybe(
        () =>
          some({
            ...this.#texts(['environment_name', 'version_label']),
            deployment_id: this.#maybe(() => this.below(99)),
          }),
        5,
      ),
      cloudwatch_logs: this.#maybe(
        () => this.#list(1, 2, () => ({ log_group: this.#text(), ...this.#texts(['arn']) })),
        4,
      ),
      xray: this.#maybe(
        () =>
          some({
            sdk: this.#maybe(() => this.#pick(['X-Ray for Node.js', 'X-Ray for Go', 'opentelemetry for java', 'own'])),
            ...this.#texts(['sdk_version', 'package', 'rule_name']),
            auto_instrumentation: this.#maybe(() => this.#flag()),
          }),
        3,
      ),
    })
  }

  #annotations(): Document {
    const keys = [
      'sagaId',
      'amount',
      'isPaid',
      'a_b',
      'dotted.key',
      'http.method',
      'aws.region',
      'db.system',
      'user',
      'name',
    ]
    return some(Object.fromEntries(keys.map((key) => [key, this.#maybe(() => this.#scalar(), 3)])))
  }

  #scalar(): Json {
    return this.#pick<Json>([
      this.#text(),
      this.below(1e9),
      -this.below(10),
      0.5,
      1e21,
      true,
      false,
      9007199254740991,
      '',
    ])
  }

  #metadata(): Document {
    return some(
      Object.fromEntries(
        ['default', 'order', 'with space', 'ü'].map((key) => [
          key,
          this.#maybe(() => some({ query: this.#maybe(() => this.#text()), result: this.#maybe(() => this.#json(0)) })),
        ]),
      ),
    )
  }

  #links(): Json {
    return this.#list(0, 3, () =>
      some({
        trace_id: `1-${this.#hex(8)}-${this.#hex(24)}`,
        id: this.#hex(16),
        attributes: this.#maybe(() => ({ kind: this.#scalar(), more: this.#json(0) })),
      }),
    )
  }

  #json(depth: number): Json {
    const kind = this.below(depth > 3 ? 2 : 4)
    if (kind === 0) return this.#scalar()
    if (kind === 1) return null
    if (kind === 2) return this.#list(0, 3, () => this.#json(depth + 1))
    return Object.fromEntries(this.#list(0, 3, () => this.#text()).map((key) => [key, this.#json(depth + 1)]))
  }

  /** Each of them, or not. */
  #texts(keys: readonly string[]): Document {
    return some(Object.fromEntries(keys.map((key) => [key, this.#maybe(() => this.#text())])))
  }

  #text(): string {
    return this.#pick([
      'a',
      'order-service',
      'Saga::Step1',
      'ü "quoted" \\ \n',
      '\u{1f600}',
      'x'.repeat(200),
      '1',
      'true',
      'null',
    ])
  }
  /** Of letters, digits, white space and _.:/%&#=+\\-@, as X-Ray has it. */
  #name(): string {
    return this.#pick([
      'a',
      'order-service',
      'Saga::Step1',
      'orders@db.local',
      'GET /x?'.slice(0, 6),
      'über %&#=+',
      'x'.repeat(200),
    ])
  }
  #flag(): boolean {
    return this.below(2) === 0
  }
  #hex(digits: number): string {
    return Array.from({ length: digits }, (_, i) => (i === 0 ? '1' : this.below(16).toString(16))).join('')
  }
  #list<T extends Json>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make)
  }
}

const some = (of: Partial<Record<string, Json | undefined>>): Document =>
  Object.fromEntries(Object.entries(of).filter((entry): entry is [string, Json] => entry[1] !== undefined))
