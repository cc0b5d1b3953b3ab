'use strict'

// In the form of SAM's example of a PreTraffic hook (safe_lambda_deployments.rst): version 2 of the
// SDK, with callbacks.
const aws = require('aws-sdk')
const codedeploy = new aws.CodeDeploy({ apiVersion: '2014-10-06' })

exports.handler = (event, context, callback) => {
  console.log('Entering PreTraffic Hook!')
  const deploymentId = event.DeploymentId
  const lifecycleEventHookExecutionId = event.LifecycleEventHookExecutionId
  const params = {
    deploymentId: deploymentId,
    lifecycleEventHookExecutionId: lifecycleEventHookExecutionId,
    status: process.env.RESULT // status can be 'Succeeded' or 'Failed'
  }
  codedeploy.putLifecycleEventHookExecutionStatus(params, function (err, data) {
    if (err) {
      callback('CodeDeploy Status update failed: ' + err.stack)
    } else {
      callback(null, 'CodeDeploy status updated successfully')
    }
  })
}
