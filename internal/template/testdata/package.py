"""Package services as the Serverless Framework does, with serverless-plugin-canary-deployments.

npm install --prefix FOLDER --legacy-peer-deps serverless@3 serverless-plugin-canary-deployments@0.8.0
python3 package.py FOLDER variants/serverless.yaml > variants/serverless.jsonl
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

folder = pathlib.Path(sys.argv[1]).resolve() / "node_modules"
begin, *services = pathlib.Path(sys.argv[2]).read_text().split("\n---\n")
environment = os.environ | {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
for service in services:
    with tempfile.TemporaryDirectory() as name:
        to = pathlib.Path(name)
        (to / "node_modules").symlink_to(folder)
        (to / "handler.js").write_text("exports.run = async () => ({});\n")
        (to / "serverless.yml").write_text(begin + "\n" + service)
        subprocess.run([folder / ".bin/serverless", "package"], cwd=to, env=environment, stdout=sys.stderr, check=True)
        text = (to / ".serverless/cloudformation-template-update-stack.json").read_text()
    text = re.sub(r"(serverless/shop/dev)/[^/]*/", r"\1/1767225600000-2026-01-01T00:00:00.000Z/", text)
    print(json.dumps({"name": service.split("\n")[0].removeprefix("# "), "template": json.loads(text)}, separators=(",", ":")))
