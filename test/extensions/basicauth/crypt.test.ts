import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { cryptDigest, parseCrypt } from '../../../src/extensions/basicauth/crypt.ts'
import { hasOpenssl } from './openssl.ts'

/** Those of the specification (public domain), as they stand in files: salts are cut, few rounds are 1000. */
const LONG = 'a very much longer text to encrypt.  This one even stretches over morethan one line.'
const VECTORS: readonly (readonly [password: string, hash: string])[] = [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ['This is just a test', '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5'],
  [LONG, '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
  [
    'we have a short salt string but not a short password',
    '$5$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/',
  ],
  ['a short string', '$5$rounds=123456$asaltof16chars..$gP3VQ/6X7UUEW3HkBn2w1/Ptq2jxPyzV/cZKmF/wJvD'],
  ['the minimum number is still observed', '$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'This is just a test',
    '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    LONG,
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'we have a short salt string but not a short password',
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'a short string',
    '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
  ],
  [
    'the minimum number is still observed',
    '$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
]

test('the vectors of the specification of SHA-crypt', async (t) => {
  for (const [password, hash] of VECTORS) {
    const parsed = parseCrypt(hash)
    if (typeof parsed !== 'object') throw new Error(`${hash}: ${parsed}`)
    t.equal(cryptDigest(password, parsed), parsed.digest, hash)
  }
  t.equal(VECTORS.length, 14)
})

test('what openssl makes, of any length', { skip: !hasOpenssl() && 'there is no openssl' }, async (t) => {
  let cases = 0
  for (const length of [1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 255])
    for (const [flag, kind] of [
      ['-1', 1],
      ['-apr1', 'apr1'],
      ['-5', 5],
      ['-6', 6],
    ] as const) {
      const password = randomBytes(length).toString('base64').slice(0, length)
      const salt = randomBytes(6)
        .toString('base64url')
        .replace(/[-_]/g, '.')
        .slice(0, 1 + (length % 8))
      const made = execFileSync('openssl', ['passwd', flag, '-salt', salt, password]).toString().trim()
      const parsed = parseCrypt(made)
      if (typeof parsed !== 'object') throw new Error(`${made}: ${parsed}`)
      t.same({ kind: parsed.kind, salt: parsed.salt }, { kind, salt })
      t.equal(cryptDigest(password, parsed), parsed.digest, `${password} ${made}`)
      cases++
    }
  t.ok(cases > 0)
})

test('what is no such hash, and what would take too long', async (t) => {
  const digest = 'x'.repeat(43)
  for (const other of [
    '',
    'x',
    '$2y$05$x',
    '$5$salt',
    `$5$salt$${digest}x`,
    `$6$salt$${digest}`,
    `$5$${'s'.repeat(17)}$${digest}`,
  ])
    t.equal(parseCrypt(other), undefined, other)
  for (const other of [
    '$1$salt$x',
    `$1$${'s'.repeat(9)}$${'x'.repeat(22)}`,
    `$7$salt$${digest}`,
    `$5$rounds=$salt$${digest}`,
  ])
    t.equal(parseCrypt(other), undefined, other)
  for (const rounds of ['1', '999', '200001', '999999999', '9'.repeat(400)])
    t.match(parseCrypt(`$5$rounds=${rounds}$salt$${digest}`), /is not from 1000 to 200000, .* make the hash anew/)
  t.match(parseCrypt(`$5$rounds=200000$salt$${digest}`), { rounds: 200_000 })
})

test('a password that is too long costs nothing', async (t) => {
  const of = { kind: 6, rounds: 1000, salt: 'salt' } as const
  t.equal(cryptDigest('x'.repeat(513), of), undefined)
  t.equal(cryptDigest('ü'.repeat(257), of), undefined)
  t.type(cryptDigest('x'.repeat(512), of), 'string')
  t.type(cryptDigest('', of), 'string')
})
