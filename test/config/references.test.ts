import { test } from 'tap'
import * as v from 'valibot'
import { extensionId } from '../../src/config/component-id.ts'
import { checkReferences } from '../../src/config/index.ts'
import { list, optional, record, section } from '../../src/config/schema.ts'

const schema = section({
  auth: optional(section({ authenticator: extensionId }), 'Who sends.'),
  others: optional(list(section({ id: extensionId })), 'More.'),
  named: optional(record(extensionId), 'By name.'),
})
const loaded = { locate: () => undefined }

test('a setting that names an extension names one that runs', async (t) => {
  const problemsOf = (input: object): string[] =>
    checkReferences(loaded, { schema, config: v.parse(schema, input), path: ['exporters', 'x'] }, [
      'sigv4auth',
      'a/b',
    ]).map(({ path, message, hint }) => `${path.join('::')}: ${message} (${hint})`)
  t.same(problemsOf({ auth: { authenticator: 'sigv4auth' }, others: [{ id: 'a / b' }], named: { x: 'a/b' } }), [])
  t.same(problemsOf({}), [])
  t.same(
    problemsOf({
      auth: { authenticator: 'sigv4aut' },
      others: [{ id: 'a/b' }, { id: 'oauth2client' }],
      named: { y: 'z' },
    }),
    [
      'exporters::x::auth::authenticator: there is no extension sigv4aut in service::extensions (did you mean sigv4auth?)',
      'exporters::x::others::1::id: there is no extension oauth2client in service::extensions (configure oauth2client under extensions and name it there)',
      'exporters::x::named::y: there is no extension z in service::extensions (configure z under extensions and name it there)',
    ],
  )
})
