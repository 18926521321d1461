// What stands behind `secretsmanager:`, `ssm:` and `s3:`.
import { RetrieveError } from '../../config/retrieve.ts'

/** A secret or a parameter. */
export interface SecretName {
  /** A name or an ARN, for SSM with `:3` or `:label` behind it. */
  readonly id: string
  /** From its ARN; undefined: the region of the environment. */
  readonly region: string | undefined
  /** The member of a JSON object that is meant; undefined: all of it. */
  readonly key: string | undefined
  /** What is taken when there is no such secret or no such member; undefined: that is an error. */
  readonly byDefault: string | undefined
  /** Of Secrets Manager: `AWSPREVIOUS`, or another label. */
  readonly stage: string | undefined
  readonly version: string | undefined
}

export interface ObjectName {
  readonly bucket: string
  readonly key: string
  readonly region: string | undefined
}

/** The last three fields are how task definitions of ECS name a part of a secret. */
const SECRET_ARN =
  /^(arn:[\w-]+:secretsmanager:([a-z0-9-]+):\d{12}:secret:[^:]+)(?::([^:]*))?(?::([^:]*))?(?::([^:]*))?$/
const SECRET = /^[\w/+=.@!-]{1,512}$/
const PARAMETER_ARN = /^arn:[\w-]+:ssm:([a-z0-9-]+):\d{12}:parameter\/[\w./-]+(?::[\w.-]+)?$/
const PARAMETER = /^[\w./-]{1,1011}(?::[\w.-]+)?$/

/** `prod/db`, `prod/db#password`, `prod/db?version-stage=AWSPREVIOUS#password`, an ARN, any of them with `:-default`. */
export function parseSecretName(text: string): SecretName {
  const { base, key, byDefault } = apart(text)
  const [id = '', query] = base.split('?', 2)
  const { stage, version } = parseQuery(query)
  const arn = SECRET_ARN.exec(id)
  if (arn === null && !SECRET.test(id))
    throw unreadable(
      'secretsmanager',
      id,
      'prod/db, prod/db#password or arn:aws:secretsmanager:…:secret:prod/db-AbCdEf',
    )
  const ofArn = (field: number): string | undefined => arn?.[field] || undefined
  return {
    id: arn?.[1] ?? id,
    region: arn?.[2],
    key: key ?? ofArn(3),
    byDefault,
    stage: stage ?? ofArn(4),
    version: version ?? ofArn(5),
  }
}

/** `/path/name`, `/path/name:3`, `/path/name:label`, `/path/name#password`, an ARN, any of them with `:-default`. */
export function parseParameterName(text: string): SecretName {
  const { base: id, key, byDefault } = apart(text)
  const arn = PARAMETER_ARN.exec(id)
  if (arn === null && !PARAMETER.test(id))
    throw unreadable('ssm', id, '/path/name, /path/name:3 or arn:aws:ssm:…:parameter/path/name')
  if (/^[^/].*\//.test(id) && arn === null)
    throw new RetrieveError(
      'bad_reference',
      `ssm:${id} is no name of a parameter`,
      `a name with slashes begins with one: /${id}`,
    )
  return { id, region: arn?.[1], key, byDefault, stage: undefined, version: undefined }
}

/** `bucket/key`, `//bucket/key`, and as the collector has it `//bucket.s3.region.amazonaws.com/key`. */
export function parseObjectName(text: string): ObjectName {
  const url = /^\/\/([a-z0-9.-]{3,63})\.s3[.-]([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)$/s.exec(text)
  if (url !== null) return { bucket: url[1]!, region: url[2]!, key: decoded(url[3]!) }
  const plain = /^(?:\/\/)?([a-z0-9.-]{3,63})\/(.+)$/s.exec(text)
  if (plain === null)
    throw new RetrieveError(
      'bad_reference',
      `s3:${text} names no object`,
      'for example s3:bucket/path/config.yaml, or s3://bucket.s3.eu-west-1.amazonaws.com/path/config.yaml',
    )
  return { bucket: plain[1]!, key: plain[2]!, region: undefined }
}

function apart(text: string): { base: string; key: string | undefined; byDefault: string | undefined } {
  const cut = text.indexOf(':-')
  const whole = cut < 0 ? text : text.slice(0, cut)
  const hash = whole.indexOf('#')
  return {
    base: hash < 0 ? whole : whole.slice(0, hash),
    key: hash < 0 ? undefined : whole.slice(hash + 1),
    byDefault: cut < 0 ? undefined : text.slice(cut + 2),
  }
}

function parseQuery(query: string | undefined): { stage: string | undefined; version: string | undefined } {
  const given = new URLSearchParams(query)
  for (const name of given.keys())
    if (name !== 'version-stage' && name !== 'version-id')
      throw new RetrieveError(
        'bad_reference',
        `secretsmanager: there is no option ${name}`,
        'there are version-stage and version-id',
      )
  return { stage: given.get('version-stage') || undefined, version: given.get('version-id') || undefined }
}

function unreadable(scheme: string, id: string, examples: string): RetrieveError {
  const service = /^arn:[^:]*:([^:]*):/.exec(id)?.[1]
  const other = service === 'ssm' || service === 'secretsmanager' ? service : undefined
  const hint =
    other !== undefined && other !== scheme ? `an ARN of ${other}: write \${${other}:…}` : `write ${examples}`
  return new RetrieveError('bad_reference', `${scheme}:${id} is no name`, hint)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
