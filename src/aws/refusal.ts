// What AWS's error names mean for what was sent; reliability first: what is not known to be final is tried again.
import { PermanentError, RetryableError, ShutdownError, TooLargeError } from '../contract/index.ts'
import { AwsError, type AwsRefusal } from './api.ts'

/** By name, then by status. */
export function refusalOf(code: string, status: number, message: string): AwsRefusal {
  const known = REFUSALS.get(code)
  if (known !== undefined) return known
  // Some services have no name of their own for it.
  if (status === 400 && /too large: \d+ bytes exceeds limit/i.test(message)) return 'too_large'
  if (status === 403 && /security token.*expired|token has expired/i.test(message)) return 'credentials'
  switch (status) {
    case 0:
    case 307:
    case 408:
      return 'transient'
    case 401:
    case 403:
      return 'denied'
    // A bucket that is in another region.
    case 301:
    case 404:
      return 'missing'
    case 409:
      return 'exists'
    case 413:
      return 'too_large'
    case 429:
      return 'throttled'
    default:
      return status >= 500 ? 'transient' : 'invalid'
  }
}

/** The clock here and AWS's may be too far apart; whether they are, the answer's `Date` says. */
export const mayBeAboutTime = ({ code, status }: Pick<AwsError, 'code' | 'status'>): boolean =>
  CLOCK_CODES.has(code) || status === 401 || status === 403

const CLOCK_CODES: ReadonlySet<string> = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
])

const names = (refusal: AwsRefusal, ...codes: readonly string[]): (readonly [string, AwsRefusal])[] =>
  codes.map((code) => [code, refusal])

const REFUSALS: ReadonlyMap<string, AwsRefusal> = new Map([
  ...names(
    'throttled',
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
    'KMSThrottlingException',
    'LimitExceededException',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
    'TransactionInProgressException',
  ),
  ...names(
    'transient',
    'InternalError',
    'InternalFailure',
    'InternalServerError',
    'InternalServerException',
    'InternalServiceFault',
    'OperationAbortedException',
    'RequestExpired',
    'RequestInTheFuture',
    'RequestTimeTooSkewed',
    'RequestTimeout',
    'RequestTimeoutException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'TimeoutError',
  ),
  ...names(
    'credentials',
    'AuthFailure',
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidSignatureException',
    'InvalidToken',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'SignatureDoesNotMatch',
    'TokenRefreshRequired',
    'UnrecognizedClientException',
  ),
  ...names(
    'denied',
    'AccessDenied',
    'AccessDeniedException',
    'AllAccessDisabled',
    'AuthorizationHeaderMalformed',
    'InvalidSourceException',
    'InvalidKMSResourceException',
    'KMSAccessDeniedException',
    'NotAuthorized',
    'OptInRequired',
    'UnauthorizedOperation',
  ),
  ...names('missing', 'NoSuchBucket', 'ResourceNotFound', 'ResourceNotFoundException'),
  ...names('exists', 'BucketAlreadyOwnedByYou', 'ResourceAlreadyExistsException', 'ResourceInUseException'),
  ...names(
    'too_large',
    'EntityTooLarge',
    'PayloadTooLargeException',
    'RequestEntityTooLarge',
    'RequestEntityTooLargeException',
    'RequestTooLargeException',
  ),
])

/** What only a person can change is looked at again no more often than this. */
const PERSON_WAIT_MS = 30_000

/**
 * What `deliver` understands. A missing permission or resource is tried again: people put them right, and what waits is
 * not lost by then. Anything that is no AwsError stays what it is, or may work later.
 */
export function deliveryError(error: unknown): RetryableError | PermanentError | ShutdownError {
  if (error instanceof RetryableError || error instanceof PermanentError || error instanceof ShutdownError) return error
  if (!(error instanceof AwsError)) return new RetryableError(String(error), { cause: error, reason: 'error' })
  const { refusal, status, waitMs, message } = error
  const retryable = (reason: string, leastWaitMs = 0): RetryableError => {
    const asked = waitMs === undefined && leastWaitMs === 0 ? undefined : Math.max(waitMs ?? 0, leastWaitMs)
    return new RetryableError(message, { cause: error, reason, ...(asked !== undefined && { waitMs: asked }) })
  }
  switch (refusal) {
    case 'throttled':
      return retryable('throttled')
    case 'transient':
      return retryable(status === 0 ? 'connection_error' : 'aws_unavailable')
    case 'credentials':
      return retryable('credentials')
    case 'denied':
      return retryable('access_denied', PERSON_WAIT_MS)
    case 'missing':
      return retryable('resource_not_found', PERSON_WAIT_MS)
    case 'exists':
      return retryable('resource_conflict')
    case 'too_large':
      return new TooLargeError(message, { cause: error })
    case 'invalid':
      return new PermanentError(message, { cause: error, reason: 'invalid_request' })
  }
}
