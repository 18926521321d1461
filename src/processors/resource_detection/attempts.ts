export { type Attempts, attempt } from '../../aws/instance/attempts.ts'
