'use strict'

// For hooks that were written for CodeDeploy with version 2 of the AWS SDK for JavaScript, which
// does not read AWS_ENDPOINT_URL_CODEDEPLOY, as newer SDKs do. Lambda runs this file before the
// hook: give the function the layer of Sluice's stack, and the variable
//
//   NODE_OPTIONS=--require /opt/sluice-codedeploy.cjs
//
// The hook itself stays as it is. A hook without this SDK stays as it is, too. A hook that was
// bundled into one file has a copy of the SDK that cannot be found from here: set the endpoint
// where it makes its client.

const { createRequire } = require('module')
const { join } = require('path')

const endpoint = process.env.AWS_ENDPOINT_URL_CODEDEPLOY

// fromHook finds the SDK where the hook finds it: in its own folder, in a layer, or in the runtime.
function fromHook () {
  const require = createRequire(join(process.env.LAMBDA_TASK_ROOT || process.cwd(), 'index.js'))
  try {
    return require('aws-sdk')
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

if (endpoint) {
  const sdk = fromHook()
  if (sdk && sdk.config) sdk.config.codedeploy = { ...sdk.config.codedeploy, endpoint }
}
