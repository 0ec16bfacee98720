#!/usr/bin/env python3
"""Brings the tables of conflict-rules/rules.schema.json up to those of the program.

    node-cli rules show --json | scripts/rules_schema.py

Reads every table, its domain, columns and relations from `rules show`; the language itself (rules,
conditions, tests) stays as it is in the file. RuleSchemaTests tells when this is due.
"""
import json
import pathlib
import re
import sys

PATH = pathlib.Path(__file__).resolve().parent.parent / "conflict-rules" / "rules.schema.json"
# The rules can't decide about themselves.
OWN = {"rule_set", "rule_policy"}
RELATIONS = {"*duplicate": ["merge", "review"], "*missing_parent": ["revive", "remove", "review"]}
WORDS = {
    "*duplicate": "What becomes of two rows that share a key.",
    "*missing_parent": "What becomes of a row whose parent is gone.",
}


def table(name, columns):
    names = [c for c in columns if not c.startswith("*")]
    relations = [c for c in columns if c in RELATIONS]
    archive = ["archive"] if "active" in names else []
    properties = {
        "row": {
            "description": "What shows when one side deleted the row and the other edited it.",
            "enum": ["delete_wins", "update_wins"] + archive,
        }
    }
    for one in relations:
        merge = [w for w in RELATIONS[one] if w != "merge" or "merged_into" in names]
        properties[one[1:]] = {"description": WORDS[one], "enum": merge}
    entry = {"$ref": "#/$defs/entry"}
    properties["default"] = entry
    properties["columns"] = {
        "type": "object",
        "properties": {c: entry for c in names},
        "additionalProperties": False,
    }
    owner = {"enum": ["hub", "node", "either"]}
    properties["owner"] = owner
    properties["owners"] = {
        "description": "In the hub's policy alone: who writes a column.",
        "type": "object",
        "properties": {c: owner for c in names},
        "additionalProperties": False,
    }
    properties["locked"] = {
        "description": "In the hub's policy alone: what a district's file can't override.",
        "anyOf": [
            {"const": "all"},
            {"type": "array", "items": {"enum": ["row"] + [c[1:] for c in relations] + names}},
        ],
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["default"],
        "additionalProperties": False,
    }


def main():
    tables, domains = {}, {}
    for line in json.load(sys.stdin)["data"]["rules"]:
        if line["table"] in OWN:
            continue
        columns = tables.setdefault(line["table"], [])
        if line["column"] not in columns:
            columns.append(line["column"])
        domains.setdefault(line["domain"], []).append(line["table"])
    schema = json.loads(PATH.read_text())
    defs = schema["$defs"]
    for name in [n for n in defs if n.startswith("table_")]:
        del defs[name]
    for name, columns in tables.items():
        defs["table_" + name] = table(name, columns)
    every = sorted({c for columns in tables.values() for c in columns if not c.startswith("*")})
    schema["properties"]["domain"]["enum"] = list(domains)
    schema["properties"]["tables"]["properties"] = {
        n: {"$ref": "#/$defs/table_" + n} for n in tables
    }
    defs["column_condition"]["properties"]["column"]["enum"] = every
    defs["test"]["properties"]["table"]["enum"] = list(tables)
    schema["allOf"] = [
        {
            "if": {"properties": {"domain": {"const": d}}},
            "then": {"properties": {"tables": {"propertyNames": {"enum": sorted(set(t))}}}},
        }
        for d, t in domains.items()
    ]
    text = json.dumps(schema, indent=2)
    # Short lists on one line, as people write them.
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: short(m), text)
    text = re.sub(r"\{\s+(\"[^{}\n]*?)\s+\}", r"{ \1 }", text)
    PATH.write_text(text + "\n")


def short(match):
    line = "[" + re.sub(r"\s*\n\s*", " ", match.group(1)) + "]"
    return line if len(line) < 90 else match.group(0)


main()
