import { test } from 'tap'
import { lineThrough, type Sample, verdict } from '../../bench/soak/verdict.ts'

const samples = (
  rssMbOf: (minute: number) => number,
  minutes = 60,
  seriesOf = (minute: number) => Math.min(6000, 1000 * minute),
): Sample[] =>
  Array.from({ length: minutes }, (_, minute) => ({
    corePercent: 10,
    rssMb: rssMbOf(minute),
    peakRssMb: 0,
    heapMb: 100,
    lowestHeapMb: 80 + (minute % 5),
    series: { prometheus: seriesOf(minute), cumulativetodelta: 10 },
    fds: 70 + (minute % 3),
    itemsHeld: 1000,
  }))

test('what goes up and down is no growth, what rises in the second half is', async (t) => {
  t.ok(verdict(samples((minute) => 300 + 40 * Math.sin(minute))).isGood)
  t.ok(verdict(samples((minute) => (minute < 20 ? 200 + 5 * minute : 300 + (minute % 7)))).isGood, 'warming up')
  const growing = verdict(samples((minute) => 300 + 2 * minute + 5 * Math.sin(minute)))
  t.notOk(growing.isGood)
  t.match(growing.text, /^RSS, MB: .*GROWS$/m)
  t.notMatch(growing.text, /^(heap|series).*GROWS$/m)
  t.match(growing.text, /^lowest of each five minutes: .*heap 80 80 80 /m)
  t.match(growing.text, /^prometheus holds 4000 6000 6000 /m)
  t.notOk(verdict(samples(() => 300, 9)).isGood, 'too short to say')
})

test('series that are forgotten all at once do not grow, those that are not do', async (t) => {
  t.ok(
    verdict(
      samples(
        () => 300,
        60,
        (minute) => 7000 + 290 * (minute % 15),
      ),
    ).isGood,
  )
  const growing = verdict(
    samples(
      () => 300,
      60,
      (minute) => 7000 + 290 * (minute % 15) + 100 * minute,
    ),
  )
  t.notOk(growing.isGood)
  t.match(growing.text, /^series: at most 13970 in the first half, 16970 in the second: GROWS$/m)
})

test('a line goes through its points', async (t) => {
  const { slope, error, mean } = lineThrough([1, 3, 5, 7])
  t.equal(slope, 2)
  t.equal(error, 0)
  t.equal(mean, 4)
})
