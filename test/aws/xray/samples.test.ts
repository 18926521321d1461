// Documents as SDKs write them, after AWS's page of the format: each comes back as it was.
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import type { Document } from './generate.ts'
import { encoderOf, textsOf } from './segments.ts'
import { decodeBatch } from './spans.ts'

const folder = 'test/aws/xray/samples'

for (const file of readdirSync(folder))
  test(`${file} comes back`, async (t) => {
    const text = readFileSync(`${folder}/${file}`, 'utf8')
    const found = textsOf(encoderOf().encode(decodeBatch(text))).map((one): Document => JSON.parse(one))
    t.strictSame(found, [JSON.parse(text)])
  })
