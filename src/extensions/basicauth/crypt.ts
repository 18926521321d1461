// Password hashes of crypt(3) that `htpasswd` and `openssl passwd` write, from their public descriptions: MD5-crypt ($1$ of FreeBSD,
// $apr1$ of Apache) and SHA-crypt ($5$, $6$), https://www.akkadia.org/drepper/SHA-crypt.txt (public domain).
import { hash as digest } from 'node:crypto'

export interface CryptHash {
  readonly kind: keyof typeof KINDS
  readonly rounds: number
  readonly salt: string
  /** In the alphabet of crypt(3). */
  readonly digest: string
}

/** What `rounds=` leaves away; MD5-crypt knows no other number. */
const SHA_ROUNDS = 5000
const MD5_ROUNDS = 1000
/** The number that SHA-crypt itself would have written at least. */
const MIN_ROUNDS = 1000
/** They take a quarter of a second, with the longest password less than one. */
const MAX_ROUNDS = 200_000
/** As in libxcrypt. What SHA-crypt has to do grows with the square of the length. */
const MAX_PASSWORD_BYTES = 512

const KINDS = {
  1: { algorithm: 'md5', magic: '$1$' },
  apr1: { algorithm: 'md5', magic: '$apr1$' },
  5: { algorithm: 'sha256', magic: '' },
  6: { algorithm: 'sha512', magic: '' },
} as const

const MD5_FORM = /^\$(1|apr1)\$([^$]{0,8})\$([./0-9A-Za-z]{22})$/
const SHA_FORM = /^\$([56])\$(?:rounds=([1-9]\d*)\$)?([^$]{0,16})\$([./0-9A-Za-z]+)$/
const SHA_DIGEST_LENGTHS = { 5: 43, 6: 86 } as const

/** Undefined when it is no such hash; a text says what is wrong with it. */
export function parseCrypt(text: string): CryptHash | string | undefined {
  const md5 = MD5_FORM.exec(text)
  if (md5 !== null) return { kind: md5[1] === '1' ? 1 : 'apr1', rounds: MD5_ROUNDS, salt: md5[2]!, digest: md5[3]! }
  const sha = SHA_FORM.exec(text)
  if (sha === null) return undefined
  const kind = sha[1] === '5' ? 5 : 6
  if (sha[4]!.length !== SHA_DIGEST_LENGTHS[kind]) return undefined
  const rounds = sha[2] === undefined ? SHA_ROUNDS : Number(sha[2])
  if (rounds < MIN_ROUNDS || rounds > MAX_ROUNDS)
    return (
      `rounds=${sha[2]} is not from ${MIN_ROUNDS} to ${MAX_ROUNDS}, which each wrong password would cost: make the hash ` +
      'anew with fewer, or with bcrypt (htpasswd -B)'
    )
  return { kind, rounds, salt: sha[3]!, digest: sha[4]! }
}

/** The digest that the password has with that salt and so many rounds; undefined for one that is too long. */
export function cryptDigest(text: string, { kind, rounds, salt }: Omit<CryptHash, 'digest'>): string | undefined {
  const password = Buffer.from(text)
  if (password.length > MAX_PASSWORD_BYTES) return undefined
  const ingredients = { password, salt: Buffer.from(salt), rounds }
  return kind === 5 || kind === 6
    ? shaCrypt(KINDS[kind].algorithm, ingredients)
    : md5Crypt(KINDS[kind].magic, ingredients)
}

interface Ingredients {
  readonly password: Buffer
  readonly salt: Buffer
  readonly rounds: number
}

function md5Crypt(magic: string, { password, salt, rounds }: Ingredients): string {
  const hash = hashWith('md5')
  const start = [password, Buffer.from(magic), salt, repeated(hash([password, salt, password]), password.length)]
  for (const bit of bitsOf(password.length)) start.push(bit === 1 ? ZERO : password.subarray(0, 1))
  const final = stretched({ hash, first: hash(start), password, salt, rounds })
  return encoded(final, [...triplets(5, ([a, b, c]) => [a + 1, b + 1, c === 15 ? 5 : c + 1], [0, 6, 12]), [11]])
}

const ZERO = Buffer.alloc(1)

function shaCrypt(algorithm: 'sha256' | 'sha512', { password, salt, rounds }: Ingredients): string {
  const hash = hashWith(algorithm)
  const other = hash([password, salt, password])
  const start = [password, salt, repeated(other, password.length)]
  for (const bit of bitsOf(password.length)) start.push(bit === 1 ? other : password)
  const first = hash(start)
  const final = stretched({
    hash,
    first,
    password: repeated(hash(Array(password.length).fill(password)), password.length),
    salt: repeated(hash(Array(16 + first[0]!).fill(salt)), salt.length),
    rounds,
  })
  return algorithm === 'sha256'
    ? encoded(final, [...triplets(10, ([a, b, c]) => [c + 1, a + 1, b + 1], [0, 10, 20]), [31, 30]])
    : encoded(final, [...triplets(21, ([a, b, c]) => [b + 1, c + 1, a + 1], [0, 21, 42]), [63]])
}

type Hash = (pieces: readonly Buffer[]) => Buffer
const hashWith =
  (algorithm: string): Hash =>
  (pieces) =>
    digest(algorithm, Buffer.concat(pieces), 'buffer')

interface Stretch {
  readonly hash: Hash
  readonly first: Buffer
  readonly password: Buffer
  readonly salt: Buffer
  readonly rounds: number
}

/** The rounds are the same in both. */
function stretched({ hash, first, password, salt, rounds }: Stretch): Buffer {
  let last = first
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1
    const pieces = [isOdd ? password : last]
    if (round % 3 !== 0) pieces.push(salt)
    if (round % 7 !== 0) pieces.push(password)
    pieces.push(isOdd ? last : password)
    last = hash(pieces)
  }
  return last
}

const repeated = (bytes: Buffer, length: number): Buffer => Buffer.alloc(length, bytes)

/** The lowest first. */
function* bitsOf(number: number): Generator<number> {
  for (let rest = number; rest > 0; rest >>= 1) yield rest & 1
}

type Triplet = readonly [number, number, number]

/** Positions of bytes that are written together. */
function triplets(count: number, next: (of: Triplet) => Triplet, first: Triplet): Triplet[] {
  const list = [first]
  while (list.length < count) list.push(next(list.at(-1)!))
  return list
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Six bits a letter, the lowest first; of a group the first position has the highest bits. */
function encoded(bytes: Buffer, groups: readonly (readonly number[])[]): string {
  let text = ''
  for (const group of groups) {
    let bits = group.reduce((sum, position) => (sum << 8) | bytes[position]!, 0)
    for (let letters = group.length + 1; letters > 0; letters--) {
      text += ALPHABET[bits & 63]
      bits >>= 6
    }
  }
  return text
}
