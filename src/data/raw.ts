// For exporters that write a format of their own straight from wire bytes: what an AnyValue is and where its content stands.
// Everything here is about bytes that the gate has checked. `contentAt` and `keyValue` are shared: read them at once.
export {
  ARRAY,
  BOOL,
  BYTES,
  contentAt,
  DOUBLE,
  eachValue,
  INT,
  keyValue,
  kindOf,
  MAP,
  readAnyValue,
  STRING,
} from './value.ts'
