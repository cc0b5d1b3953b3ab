"""Translate a template of SAM as CloudFormation's transform AWS::Serverless-2016-10-31 does.

python3 translate.py sam/canary.yaml > sam/canary.json
"""

import json
import os
import sys
from unittest.mock import MagicMock

os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

with open(sys.argv[1]) as file:
    source = yaml_parse(file.read())
policies = MagicMock()
policies.load.return_value = {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
values = {name: p["Default"] for name, p in source.get("Parameters", {}).items() if "Default" in p}
json.dump(transform(source, values, policies), sys.stdout, indent=1)
print()
