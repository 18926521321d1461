export { Imds, ImdsError } from '../../aws/instance/imds.ts'
