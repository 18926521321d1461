import { test } from 'tap'
import { parseObjectName, parseParameterName, parseSecretName } from '../../../src/aws/sources/name.ts'

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf'

test('secrets are named as the collector and as task definitions of ECS name them', async (t) => {
  const of = {
    id: 'a/b',
    region: undefined,
    key: undefined,
    byDefault: undefined,
    stage: undefined,
    version: undefined,
  }
  t.same(parseSecretName('a/b'), of)
  t.same(parseSecretName('a/b#k.x:-d:-e'), { ...of, key: 'k.x', byDefault: 'd:-e' })
  t.same(parseSecretName('a/b?version-stage=S&version-id=V#k'), { ...of, key: 'k', stage: 'S', version: 'V' })
  t.same(parseSecretName('rds!db-1'), { ...of, id: 'rds!db-1' })
  t.same(parseSecretName(ARN), { ...of, id: ARN, region: 'eu-west-1' })
  t.same(parseSecretName(`${ARN}:k:S:V`), { ...of, id: ARN, region: 'eu-west-1', key: 'k', stage: 'S', version: 'V' })
  t.same(parseSecretName(`${ARN}:::`), { ...of, id: ARN, region: 'eu-west-1' })
  for (const wrong of ['', '#k', 'a b', `${ARN}:a:b:c:d`, 'a?x=1']) t.throws(() => parseSecretName(wrong), wrong)
})

test('parameters have a version or a label behind them', async (t) => {
  t.match(parseParameterName('/a/b:3#k'), { id: '/a/b:3', key: 'k', region: undefined })
  t.match(parseParameterName('plain'), { id: 'plain' })
  t.match(parseParameterName('arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a/b:prod'), { region: 'cn-north-1' })
  for (const wrong of ['', 'a/b', '/a b', 'arn:aws:s3:::x']) t.throws(() => parseParameterName(wrong), wrong)
})

test('objects are named in three ways', async (t) => {
  t.same(parseObjectName('b-1.x/k/l?m#n'), { bucket: 'b-1.x', key: 'k/l?m#n', region: undefined })
  t.same(parseObjectName('//bucket/k'), { bucket: 'bucket', key: 'k', region: undefined })
  t.same(parseObjectName('//my.bucket.s3.eu-west-1.amazonaws.com/k%20l/%zz'), {
    bucket: 'my.bucket',
    key: 'k%20l/%zz',
    region: 'eu-west-1',
  })
  t.same(parseObjectName('//bucket.s3.cn-north-1.amazonaws.com.cn/k%20l'), {
    bucket: 'bucket',
    key: 'k l',
    region: 'cn-north-1',
  })
  for (const wrong of ['', 'bucket', 'bucket/', '/key', 'B/k']) t.throws(() => parseObjectName(wrong), wrong)
})
