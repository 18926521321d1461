// The README's way to the percentages and names of Container Insights.
import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import * as v from 'valibot'
import { parse } from 'yaml'
import type { BatchProcessor, Consume } from '../../../src/contract/index.ts'
import { instantFromMillis } from '../../../src/data/index.ts'
import metricsgeneration from '../../../src/processors/metricsgeneration/index.ts'
import { write } from '../../../src/receivers/awsecscontainermetrics/write.ts'
import { Sink, testContext, testSettings } from '../../../src/testing/index.ts'
import { fargateStats, fargateTask } from './answers.ts'

test('what is used of the limits of the task, in per cent', async (t) => {
  const readme = await readFile('src/receivers/awsecscontainermetrics/README.md', 'utf8')
  const yaml = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => parse(block!))
  const { processors } = yaml.find((one) => 'processors' in one)
  const sink = new Sink<'metrics'>()
  const processor = metricsgeneration.create.metrics!(
    v.parse(metricsgeneration.config, processors.metricsgeneration),
    testSettings(),
    sink.consume as Consume<'metrics'>,
  )
  const batch = write(fargateTask, fargateStats, instantFromMillis(0))
  const found = new Map<string, string>()
  const visit = (one: typeof batch): void =>
    one.visit({ onPoint: (point, metric) => void found.set(metric.name, `${Number(point.value)} ${metric.unit}`) })
  if ('consume' in processor) {
    await (processor as BatchProcessor<'metrics'>).consume(batch, testContext())
    visit(sink.batches[0]!)
  } else visit(batch.rewrite([processor.visitor], testContext()))
  t.equal(found.get('CPUUtilization'), '40 Percent')
  t.equal(found.get('MemoryUtilization'), '17.578125 Percent')
})
