export { type Answer, ask, type Question, type Tls } from '../../aws/instance/ask.ts'
