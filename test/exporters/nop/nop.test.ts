import { test } from 'tap'
import * as v from 'valibot'
import { ShutdownError } from '../../../src/contract/index.ts'
import nop from '../../../src/exporters/nop/index.ts'
import { testContext, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'

test('nop acknowledges what comes, counts it as delivered, and refuses after its stop', async (t) => {
  const settings = testSettings()
  const exporter = nop.create(v.parse(nop.config, {}), settings)
  const ledger = settings.ledger('logs')

  ledger.entered(3)
  await exporter.consumers.logs!(items.logs(3), testContext())
  t.equal(ledger.outItems, 3)
  t.equal(ledger.held, 0)

  await exporter.stop!(new AbortController().signal)
  await t.rejects(exporter.consumers.logs!(items.logs(1), testContext()), ShutdownError)
  t.equal(ledger.outItems, 3)
})
