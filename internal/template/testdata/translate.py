"""Translate a SAM template, as CloudFormation's transform AWS::Serverless-2016-10-31 does."""
import json, sys
from unittest.mock import MagicMock
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
with open(sys.argv[1]) as f:
    source = yaml_parse(f.read())
import boto3
loader = MagicMock(); loader.load.return_value = {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
boto3.setup_default_session(region_name="eu-west-1")
values = {k: v["Default"] for k, v in source.get("Parameters", {}).items() if "Default" in v}
out = transform(source, values, loader)
json.dump(out, sys.stdout, indent=1)
print()
