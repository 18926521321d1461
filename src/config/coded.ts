// Which code a problem has that a schema has found: the one that the schema names, else what valibot's kind of check says.
import type { BaseIssue } from 'valibot'
import type { ProblemCode } from './problem-code.ts'

const named = new WeakMap<BaseIssue<unknown>, ProblemCode>()

/** A message with a code, wherever valibot takes a message: `v.check(isWhole, coded('missing_setting', 'needs file or inline'))`. */
export type Coded<I extends BaseIssue<unknown> = BaseIssue<unknown>> = (issue: I) => string

/** With a code, or without: then it follows from the kind of check. */
export type Message = string | Coded

export const coded =
  <I extends BaseIssue<unknown> = BaseIssue<unknown>>(code: ProblemCode, message: string | Coded<I>): Coded<I> =>
  (issue) => {
    named.set(issue, code)
    return typeof message === 'string' ? message : message(issue)
  }

/** The message of an issue that is reported again, as part of another one. */
export const repeated = (issue: BaseIssue<unknown>): Coded => coded(codeOf(issue), issue.message)

export function codeOf(issue: BaseIssue<unknown>): ProblemCode {
  const { kind, type, input } = issue
  const code = named.get(issue) ?? BY_TYPE[type]
  if (code !== undefined) return code
  if (kind === 'schema') return 'wrong_type'
  // A rule about a section is about several of its settings.
  return typeof input === 'object' && input !== null && !Array.isArray(input)
    ? 'conflicting_settings'
    : 'invalid_setting'
}

/** What is empty that must not be, is as good as missing. */
const BY_TYPE: Readonly<Record<string, ProblemCode | undefined>> = {
  picklist: 'unknown_choice',
  literal: 'unknown_choice',
  enum: 'unknown_choice',
  integer: 'wrong_type',
  finite: 'wrong_type',
  safe_integer: 'wrong_type',
  min_value: 'out_of_range',
  max_value: 'out_of_range',
  gt_value: 'out_of_range',
  lt_value: 'out_of_range',
  max_length: 'out_of_range',
  non_empty: 'missing_setting',
  min_length: 'missing_setting',
}
