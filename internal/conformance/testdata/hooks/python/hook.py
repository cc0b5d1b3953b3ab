import os

import boto3

client = boto3.client("codedeploy")


def lambda_handler(event, context):
    client.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=os.environ["RESULT"],
    )
    return True
