// `elastic_beanstalk`: the file that Elastic Beanstalk writes when X-Ray is on.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-services-beanstalk.html
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect, memberOf, textIn } from '../detector.ts'

const FILE = '/var/elasticbeanstalk/xray/environment.conf'
const FILE_ON_WINDOWS = 'C:\\Program Files\\Amazon\\XRay\\environment.conf'

export function createElasticBeanstalkDetector(
  { elasticbeanstalk }: ResourceDetectionConfig,
  { machine }: Around,
): Detect {
  const attributes = collecting(elasticbeanstalk.resource_attributes)
  return async () => {
    const path = machine.platform === 'win32' ? FILE_ON_WINDOWS : FILE
    const text = await machine.readText(path).catch((error: unknown) => {
      if (memberOf(error, 'code') === 'ENOENT') throw new AbsentError(`there is no ${path}`)
      throw error
    })
    const environment: unknown = JSON.parse(text)
    const found = attributes.begin()
    found.set('cloud.provider', 'aws')
    found.set('cloud.platform', 'aws_elastic_beanstalk')
    found.set('deployment.environment', textIn(environment, 'environment_name'))
    found.set('service.instance.id', String(memberOf(environment, 'deployment_id') ?? ''))
    found.set('service.version', textIn(environment, 'version_label'))
    return found.done()
  }
}
