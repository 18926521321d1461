// Secrets Manager, the Parameter Store of SSM and objects of S3, as far as reading goes, with the limits of what is asked.
import type { Test } from 'tap'
import { AwsEmulator, EmulatedError, type EmulatedRequest, TEST_KEY, WholeAnswer } from './server.ts'

export class StoresEmulator {
  readonly aws: AwsEmulator
  /** By name; by name and stage where it has one. */
  readonly secrets = new Map<string, string>()
  readonly parameters = new Map<string, { readonly value: string; readonly type?: string }>()
  /** By `bucket/key`. */
  readonly objects = new Map<string, string>()
  /** By name of a secret or parameter: how it is refused. */
  readonly refused = new Map<string, EmulatedError>()
  /** `GetSecretValue prod/db`, in the order of their coming. */
  readonly calls: string[] = []

  private constructor(make: (self: StoresEmulator) => AwsEmulator) {
    this.aws = make(this)
  }

  static async start(t: Test): Promise<StoresEmulator> {
    const stores = new StoresEmulator(
      (self) =>
        new AwsEmulator({
          service: '*',
          operations: {
            GetSecretValue: (request, aws) => self.#secret(request, aws),
            GetParameter: (request, aws) => self.#parameter(request, aws),
            '*': (request) => self.#object(request),
          },
        }),
    )
    await stores.aws.listen()
    t.teardown(async () => {
      await stores.aws.stop()
      if (stores.aws.violations.length > 0) throw new Error(`limits of AWS: ${stores.aws.violations.join('; ')}`)
    })
    return stores
  }

  /** Of a process that reads here. */
  get environment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
      AWS_REGION: this.aws.region,
      AWS_ENDPOINT_URL: this.aws.url,
    }
  }

  #secret(request: EmulatedRequest, { violations }: AwsEmulator): object {
    const { SecretId, VersionStage, VersionId, ...others } = request.json() as Record<string, string>
    if (Object.keys(others).length > 0) violations.push(`unknown members: ${Object.keys(others)}`)
    if (SecretId === undefined || SecretId.length < 1 || SecretId.length > 2048) violations.push('SecretId: 1 to 2048')
    if (VersionId !== undefined && !/^.{32,64}$/.test(VersionId)) violations.push('VersionId: 32 to 64')
    this.calls.push(`GetSecretValue ${[SecretId, VersionStage, VersionId].filter(Boolean).join(' ')}`)
    const name = String(SecretId).replace(/^arn:.*:secret:(.*)-\w{6}$/, '$1')
    this.#refuse(name)
    const value = this.secrets.get(VersionStage === undefined ? name : `${name} ${VersionStage}`)
    if (value !== undefined) return { Name: name, SecretString: value, VersionStages: [VersionStage ?? 'AWSCURRENT'] }
    throw new EmulatedError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
  }

  #parameter(request: EmulatedRequest, { violations }: AwsEmulator): object {
    const { Name, WithDecryption, ...others } = request.json() as { Name: string; WithDecryption: boolean }
    if (Object.keys(others).length > 0) violations.push(`unknown members: ${Object.keys(others)}`)
    if (Name.length < 1 || Name.length > 2048) violations.push('Name: 1 to 2048')
    this.calls.push(`GetParameter ${Name}`)
    this.#refuse(Name)
    const parameter = this.parameters.get(Name.replace(/^arn:.*:parameter/, ''))
    if (parameter === undefined) throw new EmulatedError('ParameterNotFound', '')
    const { value, type = 'SecureString' } = parameter
    const isHidden = type === 'SecureString' && !WithDecryption
    return { Parameter: { Name, Type: type, Value: isHidden ? 'AQICAHhciphertext' : value } }
  }

  #object({ method, path }: EmulatedRequest): object {
    const name = decodeURIComponent(path.slice(1).split('?')[0]!)
    this.calls.push(`${method} ${name}`)
    const body = this.objects.get(name)
    return new WholeAnswer(body === undefined ? { status: 404 } : { status: 200, body })
  }

  #refuse(name: string): void {
    const refusal = this.refused.get(name)
    if (refusal !== undefined) throw refusal
  }
}
