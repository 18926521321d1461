// k8s_api, eks and docker against local servers that answer as the real ones do.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { authority } from '../../kit/certificates.ts'
import { answering, detecting, found, listening, type MadeUp, machine, type Routes, serve } from './detecting.ts'

const ca = await authority()
const pair = await ca.issue('localhost')
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A cluster's API, and the environment and files of a pod in it. */
async function cluster(
  t: Test,
  routes: Routes,
  asked?: IncomingMessage[],
): Promise<Required<Pick<MadeUp, 'environment' | 'files'>>> {
  const [host, port] = (await listening(t, createHttpsServer(pair, answering(routes, asked)))).split(':')
  return {
    environment: { KUBERNETES_SERVICE_HOST: host!, KUBERNETES_SERVICE_PORT: port!, K8S_NODE_NAME: 'node-1' },
    files: { [`${ACCOUNT}/token`]: 'pod-token\n', [`${ACCOUNT}/ca.crt`]: ca.cert },
  }
}
const forPods =
  (answer: object) =>
  ({ headers }: IncomingMessage): string | number =>
    headers.authorization === 'Bearer pod-token' ? JSON.stringify(answer) : 401
const node = { metadata: { name: 'node-1', uid: 'n-uid' }, spec: { providerID: 'aws:///eu-west-1b/i-0abc' } }
const api: Routes = {
  'GET /api/v1/nodes/node-1': forPods(node),
  'GET /api/v1/namespaces/kube-system': forPods({ metadata: { uid: 'c-uid' } }),
}
const k8s = { detectors: ['k8s_api'], retry: { enabled: false } }
const ofNode = { 'k8s.node.uid': 'n-uid', 'k8s.node.name': 'node-1', 'k8s.cluster.uid': 'c-uid' }

test('k8s_api: node and cluster, as the service account of the pod', async (t) => {
  const pod = await cluster(t, api)
  t.same(await found(k8s, machine(pod)), ofNode)
  const { K8S_NODE_NAME: _, ...rest } = pod.environment
  const named = machine({ ...pod, environment: { ...rest, MY_NODE: 'node-1' } })
  t.same(await found({ ...k8s, k8s_api: { node_from_env_var: 'MY_NODE' } }, named), ofNode)
  t.same(
    await found({ detectors: ['k8snode'], k8snode: { node_from_env_var: 'MY_NODE' } }, named),
    ofNode,
    'its older name',
  )
})

test('k8s_api: only what is wanted is asked for', async (t) => {
  const asked: IncomingMessage[] = []
  const pod = await cluster(t, api, asked)
  const resource_attributes = { 'k8s.node.uid': { enabled: false }, 'k8s.node.name': { enabled: false } }
  t.same(await found({ ...k8s, k8s_api: { resource_attributes } }, machine(pod)), { 'k8s.cluster.uid': 'c-uid' })
  t.same(
    asked.map(({ url }) => url),
    ['/api/v1/namespaces/kube-system'],
  )
})

test('k8s_api: without the permission the cluster stays unknown; other failures are failures', async (t) => {
  const forbidden = JSON.stringify({ message: 'namespaces "kube-system" is forbidden' })
  for (const status of [401, 403]) {
    const pod = await cluster(t, { ...api, 'GET /api/v1/namespaces/kube-system': status })
    const one = detecting(k8s, machine(pod))
    await one.start()
    t.same(one.found(), { 'k8s.node.uid': 'n-uid', 'k8s.node.name': 'node-1' })
    t.match(one.settings.lines[0], { level: 'warn', message: /allow "get" of the namespace kube-system/ })
    await one.stop()
  }
  const pod = await cluster(t, { ...api, 'GET /api/v1/namespaces/kube-system': 500 })
  t.same(await found(k8s, machine(pod)), {})
  t.ok(forbidden)
})

test('k8s_api: the settings that change nothing are told', async (t) => {
  const one = detecting({ ...k8s, k8s_api: { kube_api_qps: 20, kube_api_burst: 5 } }, machine(await cluster(t, api)))
  t.match(one.settings.lines, [
    { message: 'setting has no effect', fields: { setting: 'kube_api_qps' } },
    { message: 'setting has no effect', fields: { setting: 'kube_api_burst' } },
  ])
})

test('k8s_api: outside of a cluster nothing is found, unless it must be; a pod must know its node', async (t) => {
  const outside = machine({ environment: { K8S_NODE_NAME: 'node-1' } })
  t.same(await found(k8s, outside), {})
  const strict = detecting({ ...k8s, fail_on_missing_metadata: true }, outside)
  await t.rejects(strict.start(), /detector k8s_api: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set/)
  await strict.stop()
  const one = detecting(
    k8s,
    machine(
      await cluster(t, api).then(({ files, environment: { K8S_NODE_NAME: _, ...environment } }) => ({
        files,
        environment,
      })),
    ),
  )
  await one.start()
  t.match(one.settings.lines.at(-2), {
    level: 'error',
    fields: { error: /K8S_NODE_NAME must have the name of the node/ },
  })
  await one.stop()
})

test('k8s_api: a cluster with an authority that is not trusted is not asked, without auth it is', async (t) => {
  const pod = await cluster(t, {
    'GET /api/v1/nodes/node-1': JSON.stringify(node),
    'GET /api/v1/namespaces/kube-system': '{"metadata":{"uid":"c-uid"}}',
  })
  const other = await authority('another')
  t.same(await found(k8s, machine({ ...pod, files: { ...pod.files, [`${ACCOUNT}/ca.crt`]: other.cert } })), {})
  t.same(await found({ ...k8s, k8s_api: { auth_type: 'none' } }, machine({ ...pod, files: {} })), ofNode)
})

test('k8s_api: as the user of a kubeconfig', async (t) => {
  const { environment } = await cluster(t, api)
  const { KUBERNETES_SERVICE_PORT: port } = environment
  const kubeconfig = (user: string) => `
current-context: other
contexts:
  - { name: other, context: { cluster: nowhere, user: u } }
  - { name: here, context: { cluster: local, user: u } }
clusters:
  - { name: local, cluster: { server: "https://127.0.0.1:${port}", certificate-authority-data: ${Buffer.from(ca.cert).toString('base64')} } }
users:
  - { name: u, user: ${user} }
`
  const config = { ...k8s, k8s_api: { auth_type: 'kubeConfig', context: 'here' } }
  const on = (user: string, files: Record<string, string> = {}) =>
    machine({
      environment: { K8S_NODE_NAME: 'node-1', KUBECONFIG: '/k/config:/other' },
      files: { '/k/config': kubeconfig(user), ...files },
    })
  t.same(await found(config, on('{ token: pod-token }')), ofNode)
  t.same(await found(config, on('{ tokenFile: /t }', { '/t': 'pod-token\n' })), ofNode)
  const program = detecting({ ...config, fail_on_missing_metadata: true }, on('{ exec: { command: aws } }'))
  await t.rejects(program.start(), /\/k\/config: user u logs in by a program; use a token or a certificate/)
  await program.stop()
  const lost = detecting({ ...config, k8s_api: { auth_type: 'kubeConfig' }, fail_on_missing_metadata: true }, on('{}'))
  await t.rejects(lost.start(), /context "other" names no server/)
  await lost.stop()
  const home = machine({
    environment: { K8S_NODE_NAME: 'node-1' },
    files: { [join(homedir(), '.kube', 'config')]: kubeconfig('{ token: pod-token }') },
  })
  t.same(await found(config, home), ofNode)
})

const everything = {
  resource_attributes: Object.fromEntries(
    [
      'cloud.account.id',
      'cloud.availability_zone',
      'cloud.region',
      'host.id',
      'host.image.id',
      'host.name',
      'host.type',
      'k8s.cluster.name',
    ].map((name) => [name, { enabled: true }]),
  ),
}
const ofEks = { 'cloud.provider': 'aws', 'cloud.platform': 'aws_eks' }
const ofInstance = {
  'host.id': 'i-0abc',
  'cloud.availability_zone': 'eu-west-1b',
  'cloud.region': 'eu-west-1',
  'cloud.account.id': '123456789012',
  'host.image.id': 'ami-1',
  'host.type': 't4g.small',
  'k8s.cluster.name': 'prod',
}
const instances = (
  tag: string,
) => `<DescribeInstancesResponse><reservationSet><item><ownerId>123456789012</ownerId><instancesSet><item>
<instanceId>i-0abc</instanceId><imageId>ami-1</imageId><instanceType>t4g.small</instanceType><privateDnsName>ip-10-0-0-1.internal</privateDnsName>
<tagSet><item><key>Name</key><value>n</value></item>${tag}</tagSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`
const ec2Api = async (t: Test, tag = '<item><key>eks:cluster-name</key><value>prod</value></item>') => ({
  AWS_ACCESS_KEY_ID: 'AKID',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_ENDPOINT_URL_EC2: `http://${await serve(t, { 'POST /': instances(tag) })}`,
})
const noImds = { AWS_EC2_METADATA_DISABLED: 'true' }
const eks = { detectors: ['eks'], retry: { enabled: false } }

test('eks: told by the names of token files, the issuer of tokens, or the version', async (t) => {
  const signs: [Record<string, string>, Routes][] = [
    [{ AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' }, {}],
    [
      {
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:
          '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token',
      },
      {},
    ],
    [
      {},
      { 'GET /.well-known/openid-configuration': forPods({ issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/1' }) },
    ],
    [{}, { 'GET /version': forPods({ gitVersion: 'v1.33.1-eks-595af52' }) }],
  ]
  for (const [environment, routes] of signs) {
    const pod = await cluster(t, routes)
    t.same(await found(eks, machine({ ...pod, environment: { ...pod.environment, ...noImds, ...environment } })), ofEks)
  }
  const other = await cluster(t, { 'GET /version': forPods({ gitVersion: 'v1.33.1' }) })
  t.same(await found(eks, machine(other)), {})
  t.same(await found(eks, machine()), {})
})

const onEks = { AWS_WEB_IDENTITY_TOKEN_FILE: '/x/eks.amazonaws.com/token' }

test('eks: the instance, from its metadata service', async (t) => {
  const identity = {
    instanceId: 'i-0abc',
    region: 'eu-west-1',
    accountId: '123456789012',
    availabilityZone: 'eu-west-1b',
    imageId: 'ami-1',
    instanceType: 't4g.small',
  }
  const host = await serve(t, {
    'PUT /latest/api/token': 'token',
    'GET /latest/meta-data/instance-id': 'i-0abc',
    'GET /latest/dynamic/instance-identity/document': JSON.stringify(identity),
    'GET /latest/meta-data/hostname': 'ip-10-0-0-1',
  })
  const pod = await cluster(t, api)
  const environment = { ...pod.environment, ...onEks, AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}` }
  const on = machine({ ...pod, environment: { ...environment, ...(await ec2Api(t)) } })
  t.same(await found({ ...eks, eks: everything }, on), { ...ofEks, ...ofInstance, 'host.name': 'ip-10-0-0-1' })
  t.same(await found(eks, on), ofEks, 'only where it is, unless asked for more')
})

test('eks: the instance, from the node and the EC2 API', async (t) => {
  const pod = await cluster(t, api)
  const environment = { ...pod.environment, ...onEks, ...noImds, ...(await ec2Api(t)) }
  const config = { ...eks, eks: { ...everything, node_from_env_var: 'K8S_NODE_NAME' } }
  t.same(await found(config, machine({ ...pod, environment })), {
    ...ofEks,
    ...ofInstance,
    'host.name': 'ip-10-0-0-1.internal',
  })
  const older = await ec2Api(t, '<item><key>kubernetes.io/cluster/prod</key><value>owned</value></item>')
  const on = machine({ ...pod, environment: { ...environment, ...older } })
  t.equal((await found(config, on))['k8s.cluster.name'], 'prod')
})

test('eks: what is not known is left out, or a failure when it must be known', async (t) => {
  const pod = await cluster(t, { 'GET /api/v1/nodes/node-1': forPods({ spec: { providerID: 'kind://x' } }) })
  const on = machine({ ...pod, environment: { ...pod.environment, ...onEks, ...noImds } })
  const config = { ...eks, eks: { ...everything, node_from_env_var: 'K8S_NODE_NAME' } }
  t.same(await found(config, on), ofEks)
  t.same(await found({ ...eks, eks: everything }, on), ofEks)
  const strict = detecting({ ...config, fail_on_missing_metadata: true }, on)
  await t.rejects(strict.start(), /detector eks: the node's providerID is not of AWS: kind:\/\/x/)
  await strict.stop()
})

const info = { 'GET /info': JSON.stringify({ Name: 'docker-host', OSType: 'linux' }) }
const docker = { detectors: ['docker'], retry: { enabled: false } }

test('docker: what the daemon says, over its socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const routes = { ...info, 'GET /containers/host-1/json': JSON.stringify({ Name: '/shop', Image: 'sha256:ab' }) }
  const socket = await listening(t, createServer(answering(routes)), join(folder, 'docker.sock'))
  const on = machine({ environment: { DOCKER_HOST: `unix://${socket}` } })
  t.same(await found(docker, on), { 'os.type': 'linux', 'host.name': 'docker-host' })
  const resource_attributes = { 'container.name': { enabled: true }, 'container.image.name': { enabled: true } }
  t.same(await found({ ...docker, docker: { resource_attributes } }, on), {
    'os.type': 'linux',
    'host.name': 'docker-host',
    'container.name': '/shop',
    'container.image.name': 'sha256:ab',
  })
})

test('docker: over TCP, with certificates, in a version', async (t) => {
  const plain = await serve(t, { 'GET /v1.44/info': info['GET /info'] })
  const environment = { DOCKER_HOST: `tcp://${plain}`, DOCKER_API_VERSION: '1.44' }
  t.equal((await found(docker, machine({ environment })))['host.name'], 'docker-host')
  const secure = await listening(
    t,
    createHttpsServer({ ...pair, ca: ca.cert, requestCert: true, rejectUnauthorized: true }, answering(info)),
  )
  const files = { '/certs/ca.pem': ca.cert, '/certs/cert.pem': pair.cert, '/certs/key.pem': pair.key }
  const tls = { DOCKER_HOST: `tcp://${secure}`, DOCKER_CERT_PATH: '/certs', DOCKER_TLS_VERIFY: '1' }
  t.equal((await found(docker, machine({ environment: tls, files })))['host.name'], 'docker-host')
})

test('docker: where there is none nothing is found, unless it must be', async (t) => {
  const nowhere = machine({ environment: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  t.same(await found(docker, nowhere), {})
  const strict = detecting({ ...docker, fail_on_missing_metadata: true }, nowhere)
  await t.rejects(strict.start(), /detector docker: \/nowhere\/docker\.sock: .*ENOENT/)
  await strict.stop()
  const refusing = await serve(t, { 'GET /info': 500 })
  t.same(await found(docker, machine({ environment: { DOCKER_HOST: `tcp://${refusing}` } })), {})
})
