// A real Elasticsearch, from the distribution that its makers publish for integration tests: with users, over TLS.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { hashSync } from 'bcryptjs'
import { authority, writePair } from '../kit/certificates.ts'
import { freePorts } from '../kit/free-ports.ts'
import { asNobodySpecial, foldersFor, installed, javaHome } from './java.ts'
import { ServerProcess } from './process.ts'

const VERSION = '8.19.21'

export interface Elasticsearch {
  readonly url: string
  readonly user: string
  readonly password: string
  /** The certificate of the authority that has signed the server's, as PEM. */
  readonly ca: string
  readonly client: Client
  /** The documents of an index by a query in Lucene's syntax, after a refresh. */
  search(index: string, query?: string): Promise<Hit[]>
  stop(): Promise<void>
}

export interface Hit {
  readonly _index: string
  readonly _id: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they have written
  readonly _source: any
}

/** Starts one, or says why there is none. */
export async function startElasticsearch(): Promise<Elasticsearch | string> {
  let home: string
  let java: string
  try {
    java = await javaHome(17)
    home = await install()
  } catch (error) {
    return `no Elasticsearch: it takes Maven, Python 3 and Java: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
  const [port, transportPort] = await freePorts(2)
  const user = 'tester'
  const password = 'correct-horse'
  const folder = await foldersFor(
    'elasticsearch',
    home,
    `http.port: ${port}
transport.port: ${transportPort}
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
xpack.security.enrollment.enabled: false
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.certificate: server.crt
xpack.security.http.ssl.key: server.key`,
  )
  const signer = await authority()
  writePair(join(folder, 'config'), 'server', await signer.issue('elasticsearch'))
  const ca = signer.cert
  // Written as its own program would, which takes a runtime of its own for it. It knows this prefix of bcrypt's alone.
  const hash = hashSync(password, 4).replace('$2b$', '$2a$')
  await writeFile(join(folder, 'config/users'), `${user}:${hash}\n`)
  await writeFile(join(folder, 'config/users_roles'), `superuser:${user}\n`)
  const url = `https://127.0.0.1:${port}`
  const env = {
    ...process.env,
    ES_JAVA_HOME: java,
    ES_PATH_CONF: join(folder, 'config'),
    ES_TMPDIR: join(folder, 'tmp'),
    ES_JAVA_OPTS: '-Xms512m -Xmx512m -XX:+UseSerialGC -XX:-UseG1GC -XX:TieredStopAtLevel=1',
  }
  const [file, args] = asNobodySpecial(join(home, 'bin/elasticsearch'), [])
  const health = `${url}/_cluster/health?wait_for_status=yellow&timeout=1s`
  const server = await ServerProcess.start('elasticsearch', file, args, health, { env, waitMs: 120_000, ca })
  const client = new Client({ node: url, auth: { username: user, password }, tls: { ca } })
  return {
    url,
    user,
    password,
    ca,
    client,
    async search(index: string, query = '*') {
      await client.indices.refresh({ index })
      const { hits } = await client.search({ index, q: query, size: 1000 })
      return hits.hits as Hit[]
    },
    async stop() {
      await client.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const install = (): Promise<string> =>
  installed('elasticsearch', VERSION, {
    artifact: `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${VERSION}:zip`,
  })
