// The texts of a config that are secrets: whoever writes for people (a log) takes them out.
import { textsOf } from './echo.ts'
import type { LoadedConfig } from './load.ts'
import { hiddenNodes, type SchemaAt } from './print.ts'
import { isSecretKey, isSecretPath, isSecretReference, isSecretSection } from './redact.ts'
import type { Node, Path } from './tree.ts'

/** Shorter ones are words: taking them out would hide what a line says, and not them. */
const LEAST_LENGTH = 8

/** Without schemas only what comes from references that are known to give secrets, and what stands under telling names. */
export function knownSecrets(
  loaded: Pick<LoadedConfig, 'tree' | 'isUnknown' | 'read'>,
  schemas: readonly SchemaAt[] = [],
): string[] {
  const found = new Set<string>()
  const add = (text: string): void => {
    // A scheme in front (`Bearer …`) is none of it; of several lines each is one.
    for (const part of [text, ...text.split(/\s+/)]) if (part.trim().length >= LEAST_LENGTH) found.add(part.trim())
  }
  const given = new Set<string>()
  for (const [node, path] of hiddenNodes(loaded, schemas)) {
    if (isPlainHeader(node, path)) continue
    for (const text of textsOf(node)) add(text)
    for (const name of node.references) given.add(name)
  }
  for (const { name, text, isWhole } of loaded.read)
    if (!isWhole && (given.has(name) || isSecretReference(name))) add(text)
  return [...found]
}

/** `headers::x-tenant: eu`, written out: what is in every request may be anything. `authorization` is a secret by its name. */
const isPlainHeader = ({ references }: Node, path: Path): boolean =>
  references.length === 0 &&
  path.some((step) => typeof step === 'string' && isSecretSection(step)) &&
  !path.some((step) => typeof step === 'string' && isSecretKey(step)) &&
  isSecretPath(path)
