import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, section, setting } from '../../config/schema.ts'
import { flag, text } from '../../config/values.ts'
import { httpUrl } from '../../net/client-config.ts'

const providerEntries = {
  issuer_url: setting(httpUrl, '', 'The issuer, as it stands in its tokens: https://login.example.com/tenant.'),
  audience: setting(text, '', 'For whom a token must be: what stands in its aud.'),
  ignore_audience: setting(flag, false, 'Takes tokens that are for others, too.'),
  ignore_issuer: setting(flag, false, 'Takes tokens with another iss, when the keys fit; with one provider only.'),
  issuer_ca_path: setting(text, '', 'Certificates of the authorities that the issuer is trusted by, a PEM file.'),
  username_claim: setting(text, '', 'The claim that says who sends. Default: sub.'),
  groups_claim: setting(text, '', 'The claim with the groups of who sends; tokens without it are refused.'),
  public_keys_file: setting(
    text,
    '',
    'A file with the public keys (a JWK set) instead of those that the issuer publishes; read again when it changes.',
  ),
}

const provider = section(providerEntries)
export type ProviderConfig = v.InferOutput<typeof provider>

const { ignore_issuer, public_keys_file, ...single } = providerEntries

export const config = v.pipe(
  section({
    attribute: setting(text, 'authorization', 'The header that the token is in, behind a word such as Bearer.'),
    ...single,
    providers: setting(list(provider), [], 'Several issuers; a token is checked by the one that its iss names.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const providers = providersOf(dataset.value)
    if (providers.length === 0)
      addIssue({ message: coded('missing_setting', 'needs an issuer: issuer_url and audience, or providers') })
    const issuers = new Set<string>()
    for (const { issuer_url: issuer, audience, ignore_audience, ignore_issuer } of providers) {
      if (issuer === '') addIssue({ message: coded('missing_setting', 'issuer_url: must not be empty') })
      else if (issuers.has(issuer)) addIssue({ message: `issuer_url: ${issuer} is there twice` })
      issuers.add(issuer)
      if (audience === '' && !ignore_audience)
        addIssue({
          message: coded('missing_setting', `audience: must not be empty, unless ignore_audience is true (${issuer})`),
        })
      if (ignore_issuer && providers.length > 1)
        addIssue({ message: 'ignore_issuer: cannot be true with several providers, which are told apart by it' })
    }
  }),
)
export type OidcConfig = v.InferOutput<typeof config>

/** The settings of one issuer may stand beside `providers`. */
export function providersOf(config: OidcConfig): ProviderConfig[] {
  const { issuer_url, audience, ignore_audience, issuer_ca_path, username_claim, groups_claim, providers } = config
  const isGiven = [issuer_url, audience, issuer_ca_path, username_claim, groups_claim].some((one) => one !== '')
  if (!isGiven && !ignore_audience) return providers
  const first = { issuer_url, audience, ignore_audience, issuer_ca_path, username_claim, groups_claim }
  return [{ ...first, ignore_issuer: false, public_keys_file: '' }, ...providers]
}
