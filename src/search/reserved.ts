// Names at the top of a document that attributes must not have: those of our own fields, and those that the servers keep for
// themselves ("Field [_id] is a metadata field and cannot be added inside a document").
const METADATA: ReadonlySet<string> = new Set([
  '_doc_count',
  '_feature',
  '_field_names',
  '_id',
  '_ignored',
  '_index',
  '_nested_path',
  '_primary_term',
  '_routing',
  '_seq_no',
  '_size',
  '_source',
  '_tier',
  '_type',
  '_version',
])

/** The name itself, or one below `attributes` where it is taken. */
export function freeName(name: string, ours: ReadonlySet<string>): string {
  const first = name.split('.', 1)[0]!
  return METADATA.has(first) || isTaken(name, ours) ? `attributes.${name}` : name
}

/** Also below a value of ours: it would become an object. */
function isTaken(name: string, ours: ReadonlySet<string>): boolean {
  if (ours.has(name)) return true
  for (let dot = name.indexOf('.'); dot > 0 && dot < MAX_OWN_LENGTH; dot = name.indexOf('.', dot + 1))
    if (ours.has(name.slice(0, dot))) return true
  return false
}

/** No field of ours has a longer name. */
const MAX_OWN_LENGTH = 256
