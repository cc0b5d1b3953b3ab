# The code of the functions that Sluice's smoke test makes.
def handle(event, context):
    # As a hook, or asked by nobody, it only succeeds.
    if "getAliasOf" not in event:
        return {}
    # It says what IAM allows its role.
    import boto3
    from botocore.exceptions import ClientError

    try:
        boto3.client("lambda").get_alias(FunctionName=event["getAliasOf"], Name="live")
    except ClientError as e:
        return {"code": e.response["Error"]["Code"]}
    return {"code": "allowed"}
