// mapping::file and mapping::fields, which wins.
import { readFile } from 'node:fs/promises'
import { messageOf } from '../../contract/index.ts'
import type { OpenSearchConfig } from './config.ts'

export async function fieldsOf({
  file,
  fields,
}: OpenSearchConfig['mapping']): Promise<Readonly<Record<string, string>>> {
  return file === '' ? fields : { ...(await readFields(file)), ...fields }
}

async function readFields(path: string): Promise<Record<string, string>> {
  const { parse } = await import('yaml')
  let parsed: unknown
  try {
    parsed = parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new Error(`mapping::file: ${messageOf(error)}`, { cause: error })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error(`mapping::file: ${path} must be a mapping of names to names`)
  const fields: Record<string, string> = {}
  for (const [name, to] of Object.entries(parsed)) {
    if (typeof to !== 'string') throw new Error(`mapping::file: ${path}: ${name} must be a text`)
    fields[name] = to
  }
  return fields
}
