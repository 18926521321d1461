// The manifests against the API's own schemas, against what they say of each other, and their configs in a running agent.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { parseDuration } from '../../src/config/values.ts'
import { startSluice } from '../kit/process.ts'
import { metricsOf, nanos, onFreePorts, postOtlp } from '../scenarios/kit.ts'
import { eventually } from '../servers/process.ts'

const run = promisify(execFile)
const FOLDER = 'deploy/kubernetes'
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}
interface EnvVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
}
interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string }
  readonly exec?: { readonly command: readonly string[] }
}
interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly EnvVariable[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly resources: { readonly limits: { readonly memory: string } }
  readonly securityContext: object
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}
interface PodSpec {
  readonly serviceAccountName: string
  readonly automountServiceAccountToken: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: object
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[]
}
interface Workload extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: object }
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: PodSpec }
  }
}

const manifestsOf = (file: string): Manifest[] =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!
    return document.toJS() as Manifest
  })
const ofKind = <M extends Manifest>(manifests: readonly Manifest[], ...kinds: string[]): M[] =>
  manifests.filter(({ kind }) => kinds.includes(kind)) as M[]
const workloadOf = (manifests: readonly Manifest[]): Workload =>
  ofKind<Workload>(manifests, 'DaemonSet', 'Deployment')[0]!
const agentOf = ({ spec }: Workload): Container =>
  [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers].find(
    ({ name }) => name === 'sluice',
  )!

/** Where `kubernetes-models` has them. */
const MODULES: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'rbac.authorization.k8s.io/v1': 'kubernetes-models/rbac.authorization.k8s.io/v1',
}

test('every manifest is what the schema of its kind says', async (t) => {
  let manifests = 0
  for (const file of files)
    for (const manifest of manifestsOf(file)) {
      const models = (await import(MODULES[manifest.apiVersion]!)) as Record<
        string,
        new (
          data: object,
        ) => { validate(): void }
      >
      const Model = models[manifest.kind]!
      t.doesNotThrow(() => new Model(manifest).validate(), `${file}: ${manifest.kind}`)
      manifests++
    }
  t.ok(manifests >= 10)
  const { DaemonSet } = await import('kubernetes-models/apps/v1')
  t.throws(() => new DaemonSet({ metadata: { name: 'x' }, spec: { selector: 1 } } as never).validate(), 'it can fail')
})

/** Of TypeScript about manifests written down as literals: fields that a kind does not have are errors there, and none to the schemas. */
async function complaintsOf(t: Test, manifests: readonly Manifest[]): Promise<string> {
  const folder = t.testdir()
  const lines = manifests.map(
    ({ apiVersion, kind, ...rest }, i) =>
      `export const m${i}: import('${MODULES[apiVersion]}').I${kind} = ${JSON.stringify({ apiVersion, kind, ...rest })}`,
  )
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'))
  const options = '--ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --types node'
  // The test runner's own loader, which children inherit, does not get on with TypeScript's launcher.
  const tsc = `unset NODE_OPTIONS; exec "${process.execPath}" "${resolve('node_modules/typescript/bin/tsc')}"`
  return run('sh', ['-c', `${tsc} ${options} manifests.ts`], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}${stderr}`,
  )
}

test('no manifest has a field that its kind does not know', async (t) => {
  t.equal(await complaintsOf(t, files.flatMap(manifestsOf)), '')
  const mistyped = JSON.parse(
    JSON.stringify(manifestsOf('daemonset.yaml')).replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem'),
  ) as Manifest[]
  t.match(await complaintsOf(t, mistyped), /readOnlyRootFileSystem/, 'it can fail')
})

test('what the manifests say of each other is there', async (t) => {
  for (const file of files) {
    const manifests = manifestsOf(file)
    const workload = workloadOf(manifests)
    const { template, selector } = workload.spec
    const { spec } = template
    t.match(template.metadata.labels, selector.matchLabels, `${file}: its own pods`)
    for (const { metadata } of ofKind(manifests, 'ServiceAccount', 'ConfigMap', 'Service'))
      t.equal(metadata.namespace, workload.metadata.namespace, `${file}: ${metadata.name}`)
    t.ok(ofKind(manifests, 'ServiceAccount').some(({ metadata }) => metadata.name === spec.serviceAccountName))
    const agent = agentOf(workload)
    const [mount] = agent.volumeMounts
    const volume = spec.volumes.find(({ name }) => name === mount!.name)
    const configMap = ofKind<Manifest & { data: object }>(manifests, 'ConfigMap')[0]!
    t.equal(volume?.configMap.name, configMap.metadata.name)
    t.ok(
      agent.args!.includes(`${mount!.mountPath}/${Object.keys(configMap.data)[0]}`),
      'the config is where it is looked for',
    )
    const ports = agent.ports!.map(({ name }) => name)
    for (const probe of [agent.startupProbe, agent.livenessProbe, agent.readinessProbe])
      if (probe?.httpGet !== undefined) t.ok(ports.includes(probe.httpGet.port))
    for (const { spec: service } of ofKind<Manifest & { spec: { selector: object; ports: { targetPort: string }[] } }>(
      manifests,
      'Service',
    )) {
      t.strictSame(service.selector, selector.matchLabels)
      for (const { targetPort } of service.ports) t.ok(ports.includes(targetPort), targetPort)
    }
  }
  t.ok(files.length >= 2)
})

test('every container meets the restricted Pod Security Standard, is limited, and has time to end', async (t) => {
  for (const file of files) {
    const workload = workloadOf(manifestsOf(file))
    const { spec } = workload.spec.template
    t.match(spec.securityContext, { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } })
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) t.notOk(field in spec, field)
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const expected = {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      }
      t.strictSame(container.securityContext, expected, `${file}: ${container.name}`)
      t.match(container.resources.limits.memory, /^\d+Mi$/)
      t.notMatch(JSON.stringify(container), 'hostPort')
    }
    const agent = agentOf(workload)
    const shutdownMs = parseDuration(agent.env!.find(({ name }) => name === 'SLUICE_SHUTDOWN_TIMEOUT')!.value!)!
    t.ok(shutdownMs < spec.terminationGracePeriodSeconds * 1000, 'it ends before it is killed')
    t.ok(agent.startupProbe !== undefined && agent.livenessProbe !== undefined)
  }
})

test('the role allows what the detector asks for, and a pod without a role has no token', async (t) => {
  const daemonSet = manifestsOf('daemonset.yaml')
  const [role] = ofKind<Manifest & { rules: object[] }>(daemonSet, 'ClusterRole')
  t.strictSame(role!.rules, [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
  ])
  const [binding] = ofKind<Manifest & { roleRef: object; subjects: object[] }>(daemonSet, 'ClusterRoleBinding')
  t.match(binding, {
    roleRef: { kind: 'ClusterRole', name: role!.metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'sluice', namespace: 'observability' }],
  })
  t.equal(workloadOf(daemonSet).spec.template.spec.automountServiceAccountToken, true)
  const sidecar = manifestsOf('sidecar.yaml')
  t.equal(ofKind(sidecar, 'Role', 'ClusterRole').length, 0)
  t.equal(workloadOf(sidecar).spec.template.spec.automountServiceAccountToken, false)
})

/** What the downward API would put there. */
const FIELDS: Readonly<Record<string, string>> = {
  'spec.nodeName': 'node-1',
  'metadata.namespace': 'shops',
  'metadata.name': 'shop-0',
  'metadata.uid': '0af76519-16cd-43dd-8448-eb211c80319c',
}

/** As kubelet makes it: in order, `$(NAME)` replaced by what stands before. */
function environmentOf({ env = [] }: Container): Record<string, string> {
  const made: Record<string, string> = {}
  for (const { name, value = '', valueFrom } of env) {
    const text = valueFrom === undefined ? value : FIELDS[valueFrom.fieldRef.fieldPath]
    if (text === undefined) throw new Error(`${name}: there is no field ${valueFrom?.fieldRef.fieldPath}`)
    made[name] = text.replace(/\$\((\w+)\)/g, (_, of: string) => made[of]!)
  }
  return made
}

for (const [file, labels] of [
  ['daemonset.yaml', ['k8s_node_name="node-1"']],
  [
    'sidecar.yaml',
    [
      'k8s_node_name="node-1"',
      'k8s_namespace_name="shops"',
      'k8s_pod_name="shop-0"',
      `k8s_pod_uid="${FIELDS['metadata.uid']}"`,
    ],
  ],
] as const)
  test(`${file}: the agent runs with its config and environment, and says where it is`, async (t) => {
    const manifests = manifestsOf(file)
    const config = ofKind<Manifest & { data: { 'config.yaml': string } }>(manifests, 'ConfigMap')[0]!.data[
      'config.yaml'
    ]
    const env = environmentOf(agentOf(workloadOf(manifests)))
    const yaml = onFreePorts(
      config.replace(/^service:\n {2}extensions: (.*)\n {2}telemetry:\n.*\n.*\n/m, 'service:\n  extensions: $1\n'),
    )
    const agent = await startSluice(t, yaml, { env })
    const point = { timeUnixNano: nanos(Date.now()), asDouble: 1 }
    await postOtlp(agent, 'metrics', metricsOf('shop', [{ name: 'seen', gauge: { dataPoints: [point] } }]))
    const line = await eventually('the metric', async () => {
      const page = await (await fetch(agent.endpoints('exporter prometheus')[0]!)).text()
      return page.split('\n').find((one) => one.startsWith('seen{'))
    })
    for (const label of labels) t.match(line, label)
    t.equal((await agent.end()).code, 0)
  })
