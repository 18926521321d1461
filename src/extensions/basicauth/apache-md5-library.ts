// Imported when a file has such a hash: a bundle's dynamic import of CommonJS itself would find nothing but a default.
import library from 'apache-md5'

/** Its types speak of a default export, and it has none: it is the function. */
export const apacheMd5 = library as unknown as (password: string, hash: string) => string
