// What the shared config file says besides credentials: region, endpoints. (Credentials in profiles are the SDK's business.)
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../net/proxy.ts'

/** One profile; everything is undefined when there is no file or no such profile in it. */
export interface Profile {
  get(key: string): string | undefined
  /** A key in its `services` section: of `logs` the nested `endpoint_url`. */
  service(service: string, key: string): string | undefined
}

/** `name`: of the setting; else AWS_PROFILE, else "default". A file that cannot be read says nothing. */
export async function loadProfile(name: string, environment: Environment): Promise<Profile> {
  const path = environment.AWS_CONFIG_FILE || join(environment.HOME || homedir(), '.aws', 'config')
  const text = await readFile(path, 'utf8').catch(() => '')
  return profileIn(parseIni(text), name || environment.AWS_PROFILE || 'default')
}

/** Whether one of the two shared files has it; a default profile is there without one. */
export async function hasProfile(name: string, environment: Environment): Promise<boolean> {
  if (name === 'default') return true
  const folder = join(environment.HOME || homedir(), '.aws')
  const credentials = environment.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials')
  const config = environment.AWS_CONFIG_FILE || join(folder, 'config')
  const [ofCredentials, ofConfig] = await Promise.all(
    [credentials, config].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  return parseIni(ofCredentials!).has(name) || parseIni(ofConfig!).has(`profile ${name}`)
}

type Section = ReadonlyMap<string, string>

function profileIn(sections: ReadonlyMap<string, Section>, name: string): Profile {
  const own = sections.get(`profile ${name}`) ?? (name === 'default' ? sections.get('default') : undefined)
  const services = own?.get('services')
  return {
    get: (key) => own?.get(key) || undefined,
    service: (service, key) => sections.get(`services ${services}`)?.get(`${service}.${key}`) || undefined,
  }
}

/**
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html: sections in brackets, `key = value`, keys below a key
 * without a value indented; those are `above.key` here.
 */
export function parseIni(text: string): Map<string, Section> {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  let above = ''
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue
    const title = /^\[\s*([^\]]*?)\s*\]/.exec(line)
    if (title !== null) {
      const name = title[1]!.replace(/\s+/g, ' ').replaceAll(/["']/g, '')
      section = sections.get(name) ?? new Map()
      sections.set(name, section)
      continue
    }
    const pair = /^(\s*)([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (pair === null) continue
    const [, indent, key, value] = pair
    const name = key!.toLowerCase()
    if (indent === '') above = name
    section?.set(indent === '' ? name : `${above}.${name}`, value!.replace(/\s[#;].*$/, ''))
  }
  return sections
}
