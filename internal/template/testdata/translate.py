"""Translate templates of SAM as CloudFormation's transform AWS::Serverless-2016-10-31 does.

python3 translate.py sam/canary.yaml > sam/canary.json
python3 translate.py variants/sam.yaml > variants/sam.jsonl
"""

import json
import logging
import os
import sys
from unittest.mock import MagicMock

if os.environ.get("PYTHONHASHSEED") != "0":  # the translator makes lists of sets
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
logging.disable()  # the translator warns of switches that only AWS has

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


def translated(text):
    source = yaml_parse(text)
    policies = MagicMock()
    policies.load.return_value = {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
    values = {name: p["Default"] for name, p in source.get("Parameters", {}).items() if "Default" in p}
    return transform(source, values, policies)


with open(sys.argv[1]) as file:
    begin, *variants = file.read().split("\n---\n")
if not variants:
    json.dump(translated(begin), sys.stdout, indent=1)
    print()
for variant in variants:
    name = variant.split("\n")[0].removeprefix("# ")
    try:
        text = translated(begin + "\n" + variant)
    except Exception as error:
        sys.exit(f"{name}: {error}")
    print(json.dumps({"name": name, "template": text}, separators=(",", ":")))
