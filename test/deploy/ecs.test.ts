// The task definition against AWS's model of it (the SDK's own, sent to moto), against the rules of Fargate, and in a running agent.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { parseDuration } from '../../src/config/values.ts'
import { sluice, startSluice } from '../kit/process.ts'
import { onFreePorts, taskMetadata } from '../scenarios/kit.ts'
import { findMoto, startMoto } from '../servers/moto.ts'

const run = promisify(execFile)
const FILE = 'deploy/ecs/task-definition.json'

interface ContainerDefinition {
  readonly name: string
  readonly essential: boolean
  readonly cpu: number
  readonly memory: number
  readonly memoryReservation?: number
  readonly user?: string
  readonly readonlyRootFilesystem?: boolean
  readonly stopTimeout: number
  readonly command?: readonly string[]
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly dependsOn?: readonly { readonly containerName: string; readonly condition: string }[]
  readonly healthCheck?: Readonly<Record<'interval' | 'timeout' | 'retries' | 'startPeriod', number>> & {
    readonly command: readonly string[]
  }
  readonly logConfiguration: { readonly logDriver: string; readonly options: Readonly<Record<string, string>> }
  readonly restartPolicy?: { readonly ignoredExitCodes: readonly number[]; readonly restartAttemptPeriod: number }
  readonly linuxParameters?: object
}
interface TaskDefinition {
  readonly networkMode: string
  readonly requiresCompatibilities: readonly string[]
  readonly cpu: string
  readonly memory: string
  readonly containerDefinitions: readonly ContainerDefinition[]
}

const definition = JSON.parse(readFileSync(FILE, 'utf8')) as TaskDefinition
const agent = definition.containerDefinitions.find(({ name }) => name === 'sluice')!
const app = definition.containerDefinitions.find(({ name }) => name === 'app')!

/** Reads a task definition and registers it, or says what the model has against it. */
const REGISTER = `
import json, sys
import botocore.session, botocore.exceptions
client = botocore.session.get_session().create_client('ecs', region_name='eu-west-1', endpoint_url=sys.argv[1],
    aws_access_key_id='AKIATEST', aws_secret_access_key='test')
try:
    answer = client.register_task_definition(**json.loads(sys.argv[2]))
    print(json.dumps({'registered': answer['taskDefinition']}, default=str))
except botocore.exceptions.ParamValidationError as error:
    print(json.dumps({'refused': str(error)}))
`
const moto = await findMoto()

test('AWS’s SDK takes the task definition as it is, and it is registered', {
  skip: typeof moto === 'string' ? moto : false,
}, async (t) => {
  if (typeof moto === 'string') return
  const server = await startMoto(moto)
  t.teardown(() => server.stop())
  const python = join(dirname(moto.program), 'python')
  const register = async (given: object): Promise<{ registered?: TaskDefinition; refused?: string }> => {
    const { stdout } = await run(python, ['-c', REGISTER, server.url, JSON.stringify(given)])
    return JSON.parse(stdout) as never
  }
  const { registered, refused } = await register(definition)
  t.equal(refused, undefined)
  t.match(registered, { revision: 1, status: 'ACTIVE', containerDefinitions: [{ name: 'app' }, { name: 'sluice' }] })
  const mistyped = { ...definition, containerDefinitions: [{ ...agent, stopTimeOut: 30 }] }
  t.match((await register(mistyped)).refused, /stopTimeOut/, 'it can fail')
})

/** AWS: "Task CPU and memory" of Fargate; MiB by CPU units. */
const FARGATE_MEMORY: Readonly<Record<string, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: [1024, 2048, 3072, 4096],
  1024: [2048, 3072, 4096, 5120, 6144, 7168, 8192],
}

test('Fargate has such a task, and its containers fit into it', async (t) => {
  t.strictSame(definition.requiresCompatibilities, ['FARGATE'])
  t.equal(definition.networkMode, 'awsvpc')
  t.ok(FARGATE_MEMORY[definition.cpu]?.includes(Number(definition.memory)))
  const sum = (of: (one: ContainerDefinition) => number): number =>
    definition.containerDefinitions.reduce((total, one) => total + of(one), 0)
  t.ok(sum(({ cpu }) => cpu) <= Number(definition.cpu))
  t.ok(sum(({ memory }) => memory) <= Number(definition.memory))
  for (const {
    name,
    stopTimeout,
    memory,
    memoryReservation = 0,
    logConfiguration,
  } of definition.containerDefinitions) {
    t.ok(stopTimeout <= 120, `${name}: Fargate waits for 120 s at most`)
    t.ok(memoryReservation < memory)
    t.equal(logConfiguration.logDriver, 'awslogs')
    t.ok(logConfiguration.options['awslogs-group'] && logConfiguration.options['awslogs-stream-prefix'])
  }
  t.notMatch(JSON.stringify(definition), /privileged|firelens|hostPort|"add"/)
})

test('the sidecar is there before the application, ends after it, has no rights, and comes again', async (t) => {
  t.strictSame(app.dependsOn, [{ containerName: 'sluice', condition: 'HEALTHY' }])
  t.equal(agent.essential, false)
  t.match(agent, {
    user: '65532:65532',
    readonlyRootFilesystem: true,
    linuxParameters: { capabilities: { drop: ['ALL'] } },
  })
  const variable = agent.environment.find(({ name }) => name === 'SLUICE_SHUTDOWN_TIMEOUT')!
  t.ok(parseDuration(variable.value)! < agent.stopTimeout * 1000)
  t.strictSame(agent.restartPolicy!.ignoredExitCodes, [0, 2], 'a stop, and what starting again cannot help')
  t.ok(agent.restartPolicy!.restartAttemptPeriod >= 60 && agent.restartPolicy!.restartAttemptPeriod <= 1800)
  const { interval, timeout, retries, startPeriod, command } = agent.healthCheck!
  // Of the API's reference: HealthCheck.
  t.ok(interval >= 5 && interval <= 300 && timeout >= 2 && timeout <= 60)
  t.ok(retries >= 1 && retries <= 10 && startPeriod >= 0 && startPeriod <= 300)
  const config = agent.command!.slice(1)
  t.strictSame(agent.command, ['run', '--config', 'configs/ecs-sidecar.yaml'])
  t.strictSame(command, ['CMD', 'node', 'dist/main.js', 'healthcheck', ...config])
})

test('the agent runs as the task has it, and its health check finds it', async (t) => {
  const metadata = await taskMetadata(t)
  const env = {
    ...Object.fromEntries(agent.environment.map(({ name, value }) => [name, value])),
    AWS_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ECS_CONTAINER_METADATA_URI_V4: metadata.url,
  }
  const [, ...config] = agent.command!
  t.match(await sluice(['validate', ...config], { env }), { code: 0, stderr: '' })
  const process = await startSluice(t, onFreePorts(readFileSync(config[1]!, 'utf8')), { env })
  const [endpoint] = process.endpoints('extension health_check')
  const port = `extensions::health_check::endpoint=${new URL(endpoint!).host}`
  t.match(await sluice(['healthcheck', ...config, '--set', port], { env }), { code: 0 })
  t.match(process.output.stderr, /resource detected.*aws\.ecs\.task\.arn/s)
  t.equal((await process.end()).code, 0)
})

interface Policy {
  readonly Version: string
  readonly Statement: readonly {
    readonly Effect: string
    readonly Action: readonly string[]
    readonly Resource: string | readonly string[]
    readonly Condition?: object
  }[]
}

test('the task’s role may do what the config does, and nothing else', async (t) => {
  const policy = JSON.parse(readFileSync('deploy/ecs/task-role-policy.json', 'utf8')) as Policy
  t.equal(policy.Version, '2012-10-17')
  const actions = policy.Statement.flatMap(({ Action }) => Action).sort()
  // What the config says that it needs.
  const header = readFileSync('configs/ecs-sidecar.yaml', 'utf8')
  t.strictSame(actions, [...new Set(header.match(/\b(?:xray|cloudwatch|logs):[A-Z]\w+/g))].sort())
  for (const { Effect, Action, Resource, Condition } of policy.Statement) {
    t.equal(Effect, 'Allow')
    t.notMatch(Action.join(), '*')
    // X-Ray and PutMetricData know no resources; the latter is narrowed by namespace.
    if (Resource !== '*') continue
    t.ok(Action.every((one) => one.startsWith('xray:')) || Condition !== undefined, `${Action}`)
  }
})
