// MSAL Node on a cache file that others share. Reads one job from standard input, as JSON, and
// prints what came of it. Every request goes to the test's own server (bridge).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { ConfidentialClientApplication, version } from '@azure/msal-node'

const job = JSON.parse(readFileSync(0, 'utf8'))

// The HTTP layer: the host that is meant stands in the Host header.
function send(method, address, { headers = {}, body } = {}) {
  const meant = new URL(address)
  return new Promise((resolve, reject) => {
    const sent = request(new URL(meant.pathname + meant.search, job.bridge), { method, headers: { ...headers, host: meant.host } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part) => { text += part })
      answer.on('end', () => resolve({ headers: answer.headers, status: answer.statusCode, body: JSON.parse(text) }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

// The recipe of MSAL Node's documentation: the file as a whole, without a lock.
const cachePlugin = {
  async beforeCacheAccess(context) {
    if (existsSync(job.cache)) context.tokenCache.deserialize(readFileSync(job.cache, 'utf8'))
  },
  async afterCacheAccess(context) {
    if (context.cacheHasChanged) writeFileSync(job.cache, context.tokenCache.serialize())
  },
}

const app = new ConfidentialClientApplication({
  auth: { clientId: job.client_id, authority: job.authority, clientSecret: job.secret },
  cache: { cachePlugin },
  system: {
    networkClient: {
      sendGetRequestAsync: (address, options) => send('GET', address, options),
      sendPostRequestAsync: (address, options) => send('POST', address, options),
    },
  },
})

const accounts = () => app.getTokenCache().getAllAccounts()

async function carryOut({ do: what, scopes, code, verifier }) {
  if (what === 'app') return app.acquireTokenByClientCredential({ scopes })
  if (what === 'sign in') return app.acquireTokenByCode({ code, codeVerifier: verifier, scopes, redirectUri: job.redirect_uri })
  const [account] = await accounts()
  return app.acquireTokenSilent({ account, scopes })
}

const tokens = []
for (const step of job.steps) {
  try {
    tokens.push((await carryOut(step)).accessToken)
  } catch (error) {
    console.error(`${step.do}: ${error.errorCode ?? ''} ${error.message}`)
    tokens.push('')
  }
}
console.log(JSON.stringify({ version, tokens, accounts: (await accounts()).map((account) => account.homeAccountId) }))
