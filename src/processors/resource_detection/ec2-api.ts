export { type Asking, describeInstance, describeTags } from '../../aws/instance/ec2-api.ts'
