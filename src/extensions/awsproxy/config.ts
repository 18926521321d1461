import { type ProxyConfig, proxyEntries } from '../../aws/proxy-config.ts'
import { section } from '../../config/schema.ts'

export const config = section(proxyEntries)
export type AwsProxyConfig = ProxyConfig
