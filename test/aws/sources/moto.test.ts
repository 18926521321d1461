// Against moto: what is stored there is what a config gets.
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { test } from 'tap'
import * as v from 'valibot'
import { AwsClient, awsSettings } from '../../../src/aws/index.ts'
import { AwsSources } from '../../../src/aws/sources/index.ts'
import { PARAMETER_API } from '../../../src/aws/sources/parameter.ts'
import { SECRET_API } from '../../../src/aws/sources/secret.ts'
import { ConfigError, loadConfig } from '../../../src/config/index.ts'
import { section } from '../../../src/config/schema.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'

const found = await findMoto()

test('secrets, parameters and objects', { skip: typeof found === 'string' && found }, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const env = { ...process.env, AWS_REGION: moto.config.region, AWS_ENDPOINT_URL: moto.url }
  const config = v.parse(section(awsSettings), moto.config)
  const caller = async (api: typeof SECRET_API) => {
    const client = new AwsClient(api, config, testSettings())
    await client.start()
    t.teardown(() => client.close())
    return (operation: string, input: object): Promise<unknown> => {
      const body = Buffer.from(JSON.stringify(input))
      return client.call({ operation, chunks: [body], sizeBytes: body.length }, new AbortController().signal)
    }
  }
  const load = (...sources: string[]) =>
    loadConfig({ sources, env, openRemote: async (environment) => new AwsSources(testSettings(), environment) })

  const secrets = await caller(SECRET_API)
  const SecretString = JSON.stringify({ user: 'app', password: 'first' })
  const { ARN } = (await secrets('CreateSecret', { Name: 'prod/db', SecretString })) as { ARN: string }
  await secrets('PutSecretValue', { SecretId: 'prod/db', SecretString: '{"password":"second"}' })
  await secrets('CreateSecret', { Name: 'binary', SecretBinary: Buffer.from('grüße').toString('base64') })
  const parameters = await caller(PARAMETER_API)
  await parameters('PutParameter', { Name: '/app/token', Value: 'one', Type: 'SecureString' })
  await parameters('PutParameter', { Name: '/app/token', Value: 'two', Type: 'SecureString', Overwrite: true })
  const s3 = new S3Client({ ...moto.client, forcePathStyle: true })
  t.teardown(() => s3.destroy())
  await s3.send(
    new CreateBucketCommand({ Bucket: 'configs', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  )
  const Body = 'exporters: {debug: {verbosity: "${env:VERBOSITY:-detailed}"}}\na: 1\n'
  await s3.send(new PutObjectCommand({ Bucket: 'configs', Key: 'eu/my config.yaml', Body }))

  const { root } = await load(`yaml:
by_name: \${secretsmanager:prod/db#password}
by_arn: \${secretsmanager:${ARN}#password}
previous: \${secretsmanager:prod/db?version-stage=AWSPREVIOUS#password}
binary: \${secretsmanager:binary}
latest: \${ssm:/app/token}
first: \${ssm:/app/token:1}
object: \${s3:configs/eu/my config.yaml}
`)
  t.match(root, {
    by_name: 'second',
    by_arn: 'second',
    previous: 'first',
    binary: 'grüße',
    latest: 'two',
    first: 'one',
  })
  t.match(root.object, { a: 1 })

  for (const source of [
    's3:configs/eu/my config.yaml',
    's3://configs/eu/my config.yaml',
    's3://configs.s3.eu-west-1.amazonaws.com/eu/my%20config.yaml',
  ]) {
    const loaded = await load(source, 'yaml:b: 2')
    t.match(loaded.root, { exporters: { debug: { verbosity: 'detailed' } }, a: 1, b: 2 }, source)
    t.match(loaded.locate(['a']), { source: /^s3:.*yaml$/, line: 2 })
  }
  const error = await load('s3:configs/none.yaml', 's3:nope').catch((reason: unknown) => reason)
  t.match(error instanceof ConfigError && error.problems, [
    { message: /^s3:configs\/none\.yaml is not there/ },
    { message: 's3:nope names no object', hint: /s3:bucket\/path/ },
  ])
})
