// Decides requests with @cloud-copilot/iam-simulate, an independent evaluator.
// node simulate.mjs FOLDER-WITH-NODE_MODULES < requests > decisions, both JSON.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const found = createRequire(process.argv[2] + '/').resolve('@cloud-copilot/iam-simulate')
const { runSimulation } = await import(pathToFileURL(found))
const { account, policies, requests } = JSON.parse(readFileSync(0))
const decisions = []
for (const { role, action, resource, tags, keys } of requests) {
  const contextVariables = { ...keys }
  for (const [key, value] of Object.entries(tags ?? {})) contextVariables['aws:ResourceTag/' + key] = value
  const answer = await runSimulation({
    identityPolicies: [{ name: 'sluice', policy: policies[role] }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: { principal: `arn:aws:iam::${account}:role/sluice`, action, resource: { resource, accountId: account }, contextVariables },
  }, {})
  decisions.push(answer.resultType === 'error' ? { error: answer.errors.message } : {
    allowed: answer.overallResult === 'Allowed',
    ignored: answer.result?.ignoredContextKeys ?? [],
  })
}
process.stdout.write(JSON.stringify(decisions))
