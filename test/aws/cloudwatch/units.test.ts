import { StandardUnit } from '@aws-sdk/client-cloudwatch'
import { test } from 'tap'
import { cloudWatchUnits, toCloudWatchUnit } from '../../../src/aws/cloudwatch/units.ts'

test('the units are those of the CloudWatch API', async (t) => {
  t.same([...cloudWatchUnits].toSorted(), Object.values(StandardUnit).toSorted())
})

test('units of OpenTelemetry have one in CloudWatch, or none', async (t) => {
  const table: readonly (readonly [from: string, to: string, factor?: number])[] = [
    ['', 'None'],
    ['1', 'None'],
    ['%', 'Percent'],
    ['s', 'Seconds'],
    ['ms', 'Milliseconds'],
    ['us', 'Microseconds'],
    ['ns', 'Microseconds', 1e-3],
    ['min', 'Seconds', 60],
    ['h', 'Seconds', 3600],
    ['d', 'Seconds', 86400],
    ['By', 'Bytes'],
    ['kBy', 'Kilobytes'],
    ['KiBy', 'Kilobytes', 1.024],
    ['MiBy', 'Megabytes', 1.048576],
    ['GiBy/s', 'Gigabytes/Second', 1.073741824],
    ['By/s', 'Bytes/Second'],
    ['bit', 'Bits'],
    ['Mbit/s', 'Megabits/Second'],
    ['TBi', 'Terabits'],
    ['MB', 'Megabytes'],
    ['{request}', 'Count'],
    ['{request}/s', 'Count/Second'],
    ['1/s', 'Count/Second'],
    ['By{used}', 'Bytes'],
    ['Milliseconds', 'Milliseconds'],
    ['milliseconds', 'Milliseconds'],
    ['Count', 'Count'],
    ['count/second', 'Count/Second'],
    ['None', 'None'],
    ['Cel', 'None'],
    ['m', 'None'],
    ['S', 'None'],
    ['{', 'None'],
    ['__proto__', 'None'],
  ]
  for (const [from, unit, factor = 1] of table) {
    const found = toCloudWatchUnit(from)
    t.equal(found.unit, unit, from)
    t.ok(Math.abs(found.factor - factor) < 1e-9, `${from}: ${found.factor}`)
  }
})
