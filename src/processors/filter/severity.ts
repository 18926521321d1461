import * as v from 'valibot'
import { coded } from '../../config/coded.ts'

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#displaying-severity: four of each, the first without a number. */
const NAMES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
const numbers = new Map<string, number>([['', 0]])
for (let number = 1; number <= 24; number++) {
  const name = NAMES[Math.floor((number - 1) / 4)]!
  const step = (number - 1) % 4
  numbers.set(String(number), number)
  numbers.set(step === 0 ? name : `${name}${step + 1}`, number)
}

const MESSAGE = coded(
  'unknown_choice',
  'must be a severity: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, with 2, 3 or 4 behind it, or 1 to 24',
)

/** In YAML a name in any case or a number, in the config the number; 0 when empty. */
export const severity = v.pipe(
  v.union([v.string(), v.number()], MESSAGE),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const spelled = String(dataset.value).toUpperCase()
    const number = spelled === '0' ? undefined : numbers.get(spelled)
    if (number !== undefined || dataset.value === 0) return number ?? 0
    addIssue({ message: MESSAGE })
    return NEVER
  }),
  v.metadata({ kind: 'text' }),
)
