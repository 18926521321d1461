// Of the SDK, what finds credentials. Imported when needed, and by this file alone: in dist/ the SDK is CommonJS, of which a
// dynamic import gives no names.
export {
  fromIni,
  fromNodeProviderChain,
  fromTemporaryCredentials,
  fromWebToken,
} from '@aws-sdk/credential-providers'
