#!/usr/bin/env python3
"""Checks an exported history with its proofs, without the program that made it.

    node-cli audit export --proofs --out history.jsonl
    verify_proofs.py --hub-key HUB_KEY_HEX history.jsonl

Written from docs/PROTOCOL.md, section 6. Needs cbor2 and cryptography. Checked are the checkpoint's
signature by the hub's key, and for each delta that its envelope's hash is the leaf, that the path leads
from the leaf to the checkpoint's root, that the header is of this tenant, and that the body, where the file has
it, has the hash that the header names. Without --hub-key the key of the file is used, which proves only that the file
agrees with itself. Whether a delta's own signature is right says verify_delta.py.

Exit status: 0 all is well, 1 something is not, 2 it was called wrongly.
"""
import argparse
import hashlib
import json
import sys
import uuid

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHECKPOINT = "application/vnd.prepkc.checkpoint+cbor"
DELTA = "application/vnd.prepkc.delta+cbor"


class Bad(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def envelope(data, content_type, key=None):
    """The payload of a COSE_Sign1; its signature is checked when a key is given."""
    tag = cbor2.loads(data)
    if not isinstance(tag, cbor2.CBORTag) or tag.tag != 18 or len(tag.value) != 4:
        raise Bad("not a COSE_Sign1")
    protected, _, payload, signature = tag.value
    if dict(cbor2.loads(protected)) != {1: -8, 3: content_type}:
        raise Bad("another kind of envelope")
    if key is not None:
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        except InvalidSignature:
            raise Bad("the checkpoint is not signed by the hub's key") from None
    return payload


def root_from(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        raise Bad("position outside the log")
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Bad("the path is too long")
        if node & 1 or node == last:
            result = sha256(b"\x01" + sibling + result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = sha256(b"\x01" + result + sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Bad("the path is too short")
    return result


def check(path, hub_key):
    with open(path, encoding="ascii") as file:
        header = json.loads(file.readline())
        if header.get("format") != "prepkc-audit-proofs-v1":
            raise Bad("not an export with proofs")
        key = bytes.fromhex(hub_key or header["hub_key"])
        checkpoint = cbor2.loads(envelope(bytes.fromhex(header["checkpoint"]), CHECKPOINT, key))
        tenant = uuid.UUID(header["tenant"]).bytes
        if checkpoint[1] != 1 or checkpoint[2] != tenant:
            raise Bad("the checkpoint is of another tenant")
        size, root, count = checkpoint[3], checkpoint[4], 0
        for number, line in enumerate(file, 2):
            try:
                check_entry(json.loads(line), tenant, size, root)
            except (Bad, KeyError, ValueError) as error:
                raise Bad(f"line {number}: {error}") from None
            count += 1
    return count, size, root


def check_entry(entry, tenant, size, root):
    bytes_ = bytes.fromhex(entry["envelope"])
    leaf = sha256(b"\x00" + bytes_)
    if leaf.hex() != entry["leaf"]:
        raise Bad("the leaf is not the hash of the envelope")
    path = [bytes.fromhex(one) for one in entry["path"]]
    if root_from(leaf, entry["position"] - 1, size, path) != root:
        raise Bad("the path doesn't lead to the signed root")
    head = cbor2.loads(envelope(bytes_, DELTA))
    if head[2] != tenant or head[3].hex() != entry["origin"] or head[4] != entry["seq"]:
        raise Bad("the header is of another delta")
    # Exports over REST leave bodies out: they hold what was written.
    if entry["body"] is None:
        return
    body = bytes.fromhex(entry["body"])
    if head[15] != len(body) or head[16] != sha256(body):
        raise Bad("the body is not the one that was signed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hub-key", help="the hub's identity key, 64 hexadecimal digits")
    parser.add_argument("file")
    arguments = parser.parse_args()
    try:
        count, size, root = check(arguments.file, arguments.hub_key)
    except (Bad, KeyError, ValueError, OSError) as error:
        print(f"failed  {error}")
        return 1
    print(f"ok      {count} deltas are in the log of {size} entries with the root {root.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
