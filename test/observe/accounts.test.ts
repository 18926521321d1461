import { test } from 'tap'
import { Accounts } from '../../src/observe/accounts.ts'

test('the same component, pipeline, signal and transport have one ledger, others have their own', async (t) => {
  const accounts = new Accounts()
  const of = { kind: 'receiver', id: 'otlp', signal: 'traces', transport: 'grpc' } as const
  accounts.ledger(of).out(3)
  accounts.ledger({ ...of }).out(2)
  accounts.ledger({ ...of, transport: 'http' }).out(10)
  accounts.ledger({ ...of, signal: 'logs' }).out(100)
  accounts.ledger({ ...of, kind: 'exporter' }).out(1000)
  accounts.ledger({ ...of, pipeline: 'traces/eu' }).out(10000)
  t.same(
    [...accounts.all()].map(({ ledger }) => ledger.outItems),
    [5, 10, 100, 1000, 10000],
  )
  t.match([...accounts.all()][1], { kind: 'receiver', id: 'otlp', pipeline: undefined, transport: 'http' })
})

test('ids that look like parts of another key stay apart', async (t) => {
  const accounts = new Accounts()
  const one = accounts.ledger({ kind: 'processor', id: 'a', pipeline: 'b","c', signal: 'logs' })
  const other = accounts.ledger({ kind: 'processor', id: 'a","b', pipeline: 'c', signal: 'logs' })
  t.not(one, other)
})

test('reasons made from data do not grow without end: beyond a hundred they are other', async (t) => {
  const ledger = new Accounts().ledger({ kind: 'exporter', id: 'a', signal: 'logs' })
  ledger.entered(100_001)
  for (let i = 0; i < 100_000; i++) ledger.dropped(1, `reason_${i}`)
  ledger.dropped(1, 'shutdown')
  t.equal(ledger.droppedByReason.size, 102)
  t.equal(ledger.droppedByReason.get('reason_7'), 1)
  t.equal(ledger.droppedByReason.get('other'), 99_900)
  t.equal(ledger.droppedByReason.get('shutdown'), 1)
  t.equal(ledger.held, 0)
})
