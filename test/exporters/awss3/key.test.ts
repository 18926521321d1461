import { test } from 'tap'
import { createKeyBuilder, fixedKeyBytes, type KeySettings, uuidv7 } from '../../../src/exporters/awss3/key.ts'
import { createStrftime } from '../../../src/exporters/awss3/strftime.ts'

const AT = Date.UTC(2026, 0, 4, 15, 7, 9, 42)

test('the directives of strftime', async (t) => {
  for (const [format, expected] of [
    ['year=%Y/month=%m/day=%d/hour=%H/minute=%M', 'year=2026/month=01/day=04/hour=15/minute=07'],
    ['%C %y %B %b %h %e %j %A %a %u %w', '20 26 January Jan Jan  4 004 Sunday Sun 7 0'],
    ['%G %g %V %U %W', '2026 26 01 01 00'],
    ['%k %I %l %p %P %S %L %f %s', '15 03  3 PM pm 09 042 042000 1767539229'],
    ['%F %T %R %D %x %X', '2026-01-04 15:07:09 15:07 01/04/26 01/04/26 15:07:09'],
    ['%r|%c', '03:07:09 PM|Sun Jan  4 15:07:09 2026'],
    ['%z %:z %Z %%', '+0000 +00:00 UTC %'],
    ['%-d %_d %0e %^b %-m %-H', '4  4 04 JAN 1 15'],
    ['no time', 'no time'],
    ['', ''],
  ] as const)
    t.equal(createStrftime(format, 'UTC')(AT), expected, format)
})

test('weeks and days at the turns of years', async (t) => {
  const format = createStrftime('%G-W%V %U %W %j', 'UTC')
  for (const [date, expected] of [
    ['2024-12-30', '2025-W01 52 53 365'],
    ['2024-12-31', '2025-W01 52 53 366'],
    ['2021-01-03', '2020-W53 01 00 003'],
    ['2020-01-01', '2020-W01 00 00 001'],
    ['2026-12-31', '2026-W53 52 52 365'],
  ] as const)
    t.equal(format(Date.parse(date)), expected, date)
})

test('time zones, those of half an hour and the changes of summer included', async (t) => {
  t.equal(createStrftime('%F %R %z', 'Asia/Kolkata')(AT), '2026-01-04 20:37 +0530')
  t.equal(createStrftime('%F %R %z', 'America/St_Johns')(AT), '2026-01-04 11:37 -0330')
  const berlin = createStrftime('%F %R %z', 'Europe/Berlin')
  t.equal(berlin(Date.UTC(2026, 2, 29, 0, 59)), '2026-03-29 01:59 +0100')
  t.equal(berlin(Date.UTC(2026, 2, 29, 1, 0)), '2026-03-29 03:00 +0200')
  t.equal(createStrftime('%s', 'Asia/Kolkata')(AT), '1767539229')
  t.throws(() => createStrftime('', 'Middle/Earth'), /Middle\/Earth/)
  t.throws(() => createStrftime('%Q', 'UTC'), { message: '%Q is no directive of strftime' })
})

const settings: KeySettings = {
  s3_base_prefix: '',
  s3_prefix: '',
  s3_partition_format: '%Y/%m',
  s3_partition_timezone: 'UTC',
  file_prefix: '',
  unique_key_func_name: '',
  compression: 'none',
}

test('keys are made of base prefix, prefix, time, and a file name with something unique', async (t) => {
  const keyOf = (of: Partial<KeySettings>, prefix = '') =>
    createKeyBuilder({ ...settings, ...of }, 'json').keyOf('logs', prefix, AT) ?? ''
  t.match(keyOf({}), /^2026\/01\/logs_\d{18}\.json$/)
  t.match(
    keyOf({ s3_prefix: 'a/b', file_prefix: 'x-', compression: 'gzip' }),
    /^a\/b\/2026\/01\/x-logs_\d{18}\.json\.gz$/,
  )
  t.match(
    keyOf({ s3_base_prefix: 'prod', s3_prefix: 'a', compression: 'zstd' }, 'b'),
    /^prod\/b\/2026\/01\/logs_\d+\.json\.zst$/,
  )
  t.match(
    keyOf({ unique_key_func_name: 'uuidv7' }),
    /\/logs_019b898c-4172-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json$/,
  )
  t.not(keyOf({}), keyOf({}))
})

test('an attribute does not lead out of the base prefix', async (t) => {
  const { keyOf } = createKeyBuilder({ ...settings, s3_base_prefix: 'prod' }, 'json')
  for (const prefix of ['../other', 'a/../../../other', './/other', '../..'])
    t.match(keyOf('logs', prefix, AT), /^prod\/(a\/)?(other\/)?2026\/01\/logs_\d+\.json$/, prefix)
})

test('a key has 1,024 bytes at most', async (t) => {
  const { keyOf } = createKeyBuilder(settings, 'json')
  t.equal(keyOf('logs', 'é'.repeat(500), AT), undefined)
  t.ok(Buffer.byteLength(keyOf('logs', 'é'.repeat(490), AT)!) <= 1024)
  t.ok(fixedKeyBytes({ s3_base_prefix: 'é'.repeat(440), s3_prefix: '', file_prefix: '' }) > 1024)
})

test('ids of version 7 are in the order of time', async (t) => {
  t.ok(uuidv7(AT) < uuidv7(AT + 1))
})
