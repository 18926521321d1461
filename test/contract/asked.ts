// Whom the receivers that ask go to, of the test's own: a host made of files, and what answers beside tasks and instances of ECS.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Factory } from '../../src/contract/index.ts'
import containerInsight from '../../src/receivers/awscontainerinsightreceiver/index.ts'
import { ContainerInsightReceiver } from '../../src/receivers/awscontainerinsightreceiver/receiver.ts'
import { plant } from '../receivers/awscontainerinsightreceiver/collecting.ts'
import { CLUSTER, v2 } from '../receivers/awscontainerinsightreceiver/trees.ts'
import { fargateStats, fargateTask } from '../receivers/awsecscontainermetrics/answers.ts'

const ANSWERS: Readonly<Record<string, object>> = {
  '/v4/abc/task': fargateTask,
  '/v4/abc/task/stats': fargateStats,
  '/v1/metadata': { Cluster: CLUSTER, ContainerInstanceArn: `container-instance/${CLUSTER}/4d2f` },
  '/v1/tasks': { Tasks: [{ Arn: `task/${CLUSTER}/t1`, KnownStatus: 'RUNNING', Containers: [] }] },
}

export class Asked {
  readonly #root: string
  readonly #server = createServer(({ url }, response) => {
    const answer = ANSWERS[url!]
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer))
  })

  /** `root`: a folder to be, below which the files of the host are. */
  constructor(root: string) {
    this.#root = root
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
  /** As ECS sets it for each container. */
  get metadataUrl(): string {
    return `${this.#url}/v4/abc`
  }

  /** From now on receivers that look at their host look at this one. */
  beHost(): void {
    if (!existsSync(this.#root)) plant(this.#root, v2(0))
    host = { root: this.#root, agentUrls: [this.#url] }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

let host = { root: '', agentUrls: [''] }
const filesystem = { bsize: 4096, blocks: 1000, bfree: 400, bavail: 350, files: 100, ffree: 60 }

/** No setting says where the host is. */
const ofFiles: typeof containerInsight = {
  ...containerInsight,
  create: (config, settings, next) =>
    new ContainerInsightReceiver(config, settings, next, {
      ...host,
      environment: process.env,
      statfs: async () => filesystem,
    }),
}

export const onHost = (factory: Factory): Factory => (factory === containerInsight ? ofFiles : factory)
