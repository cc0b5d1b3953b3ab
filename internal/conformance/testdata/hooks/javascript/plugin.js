// In the form of the example of the Serverless plugin canary-deployments: version 2 of the SDK,
// with a promise.
const aws = require('aws-sdk')
const codedeploy = new aws.CodeDeploy({ apiVersion: '2014-10-06' })

module.exports.handler = (event, context, callback) => {
  const deploymentId = event.DeploymentId
  const lifecycleEventHookExecutionId = event.LifecycleEventHookExecutionId

  console.log('We are running some integration tests before we start shifting traffic...')

  const params = { deploymentId, lifecycleEventHookExecutionId, status: process.env.RESULT }

  return codedeploy.putLifecycleEventHookExecutionStatus(params).promise()
    .then(data => callback(null, 'Validation test succeeded'))
    .catch(err => callback('Validation test failed: ' + err))
}
