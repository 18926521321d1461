// The parts of the OpenSearch client that are used. Imported when an exporter is: a bundle's dynamic import of CommonJS itself would
// find nothing but a default.
import ConnectionPools from '@opensearch-project/opensearch/lib/pool/index.js'
import Serializer from '@opensearch-project/opensearch/lib/Serializer.js'
import Transport from '@opensearch-project/opensearch/lib/Transport.js'

export { ConnectionPools, Serializer, Transport }
