import { test } from 'tap'
import {
  cleanDimensionName,
  cleanDimensionValue,
  cleanMetricName,
  cleanNamespace,
  isCloudWatchValue,
} from '../../../src/aws/cloudwatch/names.ts'
import { seeded } from '../../data/random.ts'

test('names that CloudWatch takes stay as they are', async (t) => {
  for (const name of ['DOAMarket/Application', 'a b', 'a_b-c.d#e:f']) t.equal(cleanNamespace(name), name)
  for (const name of ['http.server.duration', ':x', 'a b%']) t.equal(cleanMetricName(name), name)
  for (const name of ['PaymentMethod', 'http.route']) t.equal(cleanDimensionName(name), name)
  for (const value of ['/api/v1/orders', 'a:b{c}', ' x']) t.equal(cleanDimensionValue(value), value)
})

test('what CloudWatch does not take is written otherwise, and told apart as before', async (t) => {
  t.equal(cleanNamespace(':결제/a{b}'), '__/a_b_')
  t.equal(cleanNamespace('___'), '')
  t.equal(cleanNamespace(' '), '')
  t.equal(cleanDimensionValue('카드'), '%EC%B9%B4%EB%93%9C')
  t.equal(cleanDimensionValue('a\nb'), 'a%0Ab')
  t.equal(cleanDimensionValue(' '), '')
  t.equal(cleanDimensionValue('\ud800'), '%EF%BF%BD')
  t.equal(cleanDimensionValue('x'.repeat(2000)).length, 1024)
  t.equal(cleanDimensionName(':a'), '%3Aa')
  t.equal(cleanDimensionName('x'.repeat(2000)).length, 250)
  t.equal(cleanMetricName('x'.repeat(256)), '')
  t.equal(cleanMetricName(''), '')
})

test('whatever a name is, what becomes of it keeps the rules', async (t) => {
  const parts = ['a', ':', ' ', '\u0000', '\n', '카', '\ud800', '%', '😀', '/', '_', '\u007f', 'é']
  let cases = 0
  for (let seed = 1; seed <= 5000; seed++) {
    const random = seeded(seed)
    const text = Array.from({ length: random(6) }, () => parts[random(parts.length)]!.repeat(1 + random(3) * 200)).join(
      '',
    )
    const check = (kind: string, fit: string, rule: RegExp): void => {
      if (fit !== '' && !(rule.test(fit) && fit.trim() !== '')) t.fail(`${kind}: ${JSON.stringify(text)} is ${fit}`)
    }
    check('namespace', cleanNamespace(text), /^(?!:)[A-Za-z0-9 ._#:/-]{1,255}$/)
    check('metric', cleanMetricName(text), /^[\x20-\x7e]{1,255}$/)
    check('dimension name', cleanDimensionName(text), /^(?!:)[\x20-\x7e]{1,250}$/)
    check('dimension value', cleanDimensionValue(text), /^[\x20-\x7e]{1,1024}$/)
    cases++
  }
  t.ok(cases > 0)
})

test('values of CloudWatch are finite and not too large', async (t) => {
  for (const value of [0, -0, 1e-300, 2 ** 360, -(2 ** 360)]) t.ok(isCloudWatchValue(value))
  for (const value of [Number.NaN, Infinity, -Infinity, 1e109, -1e200]) t.notOk(isCloudWatchValue(value))
})
