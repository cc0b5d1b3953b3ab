"""Matches events with moto's EventBridge, which is not ours.

Reads {"rules": [...], "samples": {...}} and writes, for every sample, the names of
the rules that it meets. (moto's input transformer puts texts into JSON without
quotes, which AWS does not: it is not asked.)
"""
import json
import sys

from moto.events.models import EventPattern

asked = json.load(sys.stdin)
found = {
    name: [r["name"] for r in asked["rules"] if EventPattern(None, r["pattern"]).matches_event(s["event"])]
    for name, s in asked["samples"].items()
}
json.dump(found, sys.stdout)
