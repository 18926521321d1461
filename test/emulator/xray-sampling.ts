// The part of X-Ray that SDKs ask for their sampling rules: one rule, `orders`, and a quota for it.
import type { Test } from 'tap'
import { AwsEmulator, EmulatedError, type Handler } from './server.ts'

const rules: Handler = ({ json }) => {
  const { NextToken, ...more } = json() as { NextToken?: string }
  if (NextToken !== undefined || Object.keys(more).length > 0)
    throw new EmulatedError('InvalidRequestException', 'unknown member')
  return {
    SamplingRuleRecords: [
      { SamplingRule: ruleOf('orders', 1, 1), CreatedAt: 1_767_225_600, ModifiedAt: 1_767_225_600 },
      { SamplingRule: ruleOf('Default', 10_000, 0.05), CreatedAt: 0, ModifiedAt: 1_767_225_600 },
    ],
  }
}

const ruleOf = (RuleName: string, Priority: number, FixedRate: number): object => ({
  RuleName,
  Priority,
  FixedRate,
  RuleARN: `arn:aws:xray:eu-west-1:123456789012:sampling-rule/${RuleName}`,
  ReservoirSize: 50,
  ResourceARN: '*',
  ServiceName: RuleName === 'orders' ? 'order-*' : '*',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: '*',
  URLPath: '*',
  Version: 1,
  Attributes: {},
})

/** https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html */
const targets: Handler = ({ json }, { now, violations }) => {
  const { SamplingStatisticsDocuments: reports } = json() as { SamplingStatisticsDocuments: readonly Report[] }
  if (reports.length > 25) violations.push(`${reports.length} statistics documents, at most 25`)
  for (const { ClientID, RuleName, RequestCount, SampledCount } of reports) {
    if (!/^[0-9a-f]{24}$/.test(ClientID)) violations.push(`ClientID ${ClientID} is not 24 hexadecimal digits`)
    if (SampledCount > RequestCount) violations.push(`${RuleName}: ${SampledCount} of ${RequestCount} sampled`)
  }
  return {
    SamplingTargetDocuments: reports.map(({ RuleName }) => ({
      RuleName,
      FixedRate: 1,
      ReservoirQuota: 10,
      ReservoirQuotaTTL: now() / 1000 + 60,
      Interval: 10,
    })),
    LastRuleModification: 1_767_225_600,
    UnprocessedStatistics: [],
  }
}

interface Report {
  readonly ClientID: string
  readonly RuleName: string
  readonly RequestCount: number
  readonly SampledCount: number
}

export const emulateSampling = (t: Test, now: () => number = Date.now): Promise<AwsEmulator> =>
  AwsEmulator.start(t, {
    service: 'xray',
    operations: { '/GetSamplingRules': rules, '/SamplingTargets': targets },
    now,
  })
