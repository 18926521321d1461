import { test } from 'tap'
import {
  isRetryable,
  PermanentError,
  RetryableError,
  reasonOf,
  ShutdownError,
  TooLargeError,
} from '../../src/contract/index.ts'

test('a destination that takes less at once is a permanent failure for who cannot cut the request', async (t) => {
  const error = new TooLargeError('413 from http://127.0.0.1:1')
  t.ok(error instanceof PermanentError)
  t.equal(error.name, 'TooLargeError')
  t.equal(reasonOf(error), 'too_large')
  t.equal(isRetryable(error), false)
  t.equal(reasonOf(new TooLargeError('too long', { reason: 'event_too_large' })), 'event_too_large')
})

test('what is not permanent may be tried again', async (t) => {
  for (const error of [
    new RetryableError('503'),
    new ShutdownError('stopping'),
    new Error('ECONNRESET'),
    'text',
    undefined,
  ])
    t.equal(isRetryable(error), true)
  t.equal(isRetryable(new PermanentError('400')), false)
})
