#!/usr/bin/env python3
"""Checks exported deltas without the program that made them.

    node-cli delta export --origin O --seq 1 --out chain/1     # writes chain/1 and chain/1.body
    verify_delta.py --key PUBLIC_KEY_HEX chain/

Written from docs/PROTOCOL.md. Needs cbor2, cryptography and, for compressed bodies, zstandard
(pip install cbor2 cryptography zstandard). Each PATH is an envelope with its body beside it in
PATH.body, or a folder of such pairs. Checked are form, signature, hash, origin, body and its hash,
and for every origin the chain: numbers without a gap from 1, each naming the hash of the one
before, the parts of a transaction complete, `seen` never going back. With --headers a body may be
missing, as where replaced values are not kept any more; all else is checked.

Exit status: 0 all is well, 1 something is not, 2 it was called wrongly.
"""
import argparse
import hashlib
import os
import re
import sys
import uuid
from collections.abc import Mapping

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CONTENT_TYPE = "application/vnd.prepkc.delta+cbor"
MAX_ENVELOPE, MAX_HEADER_STRING = 64 << 10, 1024
MAX_BODY, MAX_PLAIN, MAX_RATIO, MAX_WINDOW = 2 << 20, 8 << 20, 200, 8 << 20
MAX_WRITES, MAX_PARTS, MAX_SEEN, MAX_COLUMNS = 1000, 10_000, 1024, 256
MAX_NAME, MAX_SEQ, MAX_INT = 255, 1 << 48, (1 << 63) - 1
MAX_VALUE, MAX_ITEMS = 1 << 20, MAX_WRITES * (MAX_COLUMNS + 2) + 16_384
# Names of tables and columns, and ids: ASCII, so that no two are equal in one sense only.
NAME, ID = re.compile(r"[a-z0-9_]{1,255}"), re.compile(r"[!-~]{1,255}")
# Keys of small order, sign bit clear: whoever holds one could make a signature fit many messages.
SMALL_ORDER = {
    bytes(32), b"\x01" + bytes(31),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
}


class Refused(Exception):
    """Why a delta doesn't verify."""


def need(condition, reason):
    if not condition:
        raise Refused(reason)


def decode(data, what):
    """One CBOR item in its deterministic form: encoding it again gives the same bytes."""
    try:
        item = cbor2.loads(data)
        same = cbor2.dumps(item, canonical=True) == data
    except Exception as error:  # cbor2 has one error for each way of being malformed
        raise Refused(f"{what}: not CBOR ({type(error).__name__})") from None
    need(same, f"{what}: not deterministic CBOR")
    return item


def is_int(value, low, high):
    return type(value) is int and low <= value <= high


def is_bytes(value, length):
    return type(value) is bytes and len(value) == length


def is_short(value):
    return type(value) is str and len(value.encode()) <= MAX_NAME


def is_name(value):
    return type(value) is str and NAME.fullmatch(value) is not None


def items(value):
    """The data items of CBOR without maps: each array, tag and value counts."""
    if type(value) is list:
        return 1 + sum(map(items, value))
    return 2 if isinstance(value, uuid.UUID) else 1


class Header:
    """The signed payload."""

    def __init__(self, payload):
        h = decode(payload, "header")
        need(type(h) is dict and list(h) == list(range(1, 17)), "header: not the 16 keys")
        need(h[1] == 1 and type(h[1]) is int, f"header: version {h[1]} is not known")
        need(is_bytes(h[2], 16), "header: tenant")
        need(is_bytes(h[3], 16), "header: origin")
        need(is_int(h[4], 1, MAX_SEQ), "header: seq")
        need(h[5] is None if h[4] == 1 else is_bytes(h[5], 32), "header: previous")
        need(is_int(h[6], 0, MAX_INT), "header: hlc")
        need(is_int(h[7], -MAX_INT - 1, MAX_INT), "header: wall time")
        need(is_int(h[8], 1, 65535) and is_int(h[9], 1, 65535), "header: schema or policy version")
        need(is_int(h[10], 0, MAX_INT), "header: rule set version")
        need(type(h[11]) is list and len(h[11]) == 2 and all(map(is_short, h[11])), "header: author")
        need(type(h[12]) is list and len(h[12]) <= MAX_SEEN, "header: seen")
        last = b""
        for entry in h[12]:
            need(type(entry) is list and len(entry) == 3, "header: seen entry")
            need(is_bytes(entry[0], 16) and entry[0] > last, "header: seen origin")
            need(is_int(entry[1], 1, MAX_SEQ) and is_bytes(entry[2], 8), "header: seen head")
            last = entry[0]
        need(is_int(h[13], 1, MAX_WRITES), "header: write count")
        need(type(h[14]) is list and len(h[14]) == 2, "header: part")
        part, parts = h[14]
        need(is_int(part, 0, MAX_PARTS - 1) and is_int(parts, part + 1, MAX_PARTS), "header: part")
        need(part < h[4], "header: a part before its first")
        need(is_int(h[15], 34, MAX_BODY), "header: body length")
        need(is_bytes(h[16], 32), "header: body hash")
        self.tenant, self.origin, self.seq, self.previous = h[2], h[3], h[4], h[5]
        self.seen, self.writes, self.part, self.parts = h[12], h[13], part, parts
        self.body_bytes, self.body_hash = h[15], h[16]
        self.seen_is_full = self.seq % 64 == 1


def check_envelope(data, keys):
    """The payload of an envelope signed by one of the keys, and that key."""
    need(len(data) <= MAX_ENVELOPE, "envelope: too large")
    item = decode(data, "envelope")
    need(isinstance(item, cbor2.CBORTag) and item.tag == 18, "envelope: not COSE_Sign1")
    need(isinstance(item.value, (list, tuple)) and len(item.value) == 4, "envelope: not four elements")
    protected, unprotected, payload, signature = item.value
    need(type(protected) is bytes and type(payload) is bytes, "envelope: elements")
    need(is_bytes(signature, 64), "envelope: signature is not 64 bytes")
    headers = decode(protected, "protected header")
    need(headers == {1: -8, 3: CONTENT_TYPE}, "envelope: protected header")
    need(isinstance(unprotected, Mapping) and list(unprotected) == [4], "envelope: unprotected header")
    need(is_bytes(unprotected[4], 8), "envelope: key id")
    key = keys.get(unprotected[4])
    need(key is not None, "envelope: signed by a key that was not given")
    signed = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise Refused("envelope: the signature is not valid") from None
    return payload, key


def unpacked(body):
    need(len(body) >= 34 and body[32] in (0, 1), "body: encoding")
    if body[32] == 0:
        return body[33:]
    try:
        import zstandard
    except ImportError:
        raise Refused("body: compressed, and the zstandard package is missing") from None
    packed = body[33:]
    try:
        frame = zstandard.get_frame_parameters(packed)
        size = frame.content_size
        need(size not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR), "body: no size")
        need(size <= MAX_PLAIN and size // MAX_RATIO <= len(packed), "body: claims to hold too much")
        single_segment = packed[4] & 0x20
        need(frame.dict_id == 0 and (single_segment or frame.window_size <= MAX_WINDOW), "body: frame")
        stream = zstandard.ZstdDecompressor(max_window_size=MAX_PLAIN).decompressobj()
        plain = stream.decompress(packed)
    except zstandard.ZstdError as error:
        raise Refused(f"body: {error}") from None
    need(stream.eof and not stream.unused_data and len(plain) == size, "body: not one whole frame")
    return plain


def is_value(value):
    if value is None or isinstance(value, uuid.UUID):
        return True
    if type(value) is str:
        return len(value.encode()) <= MAX_VALUE and "\0" not in value
    return type(value) is bytes and len(value) <= MAX_VALUE or is_int(value, -MAX_INT - 1, MAX_INT)


def check_body(body, header):
    """Length, hash and form of a body; returns its writes as (kind, table, id, values)."""
    need(len(body) == header.body_bytes, "body: another length than was signed")
    need(hashlib.sha256(body).digest() == header.body_hash, "body: another hash than was signed")
    groups = decode(unpacked(body), "body")
    need(type(groups) is list and len(groups) <= header.writes, "body: groups")
    need(items(groups) <= MAX_ITEMS, "body: too many items")
    writes = []
    for group in groups:
        need(type(group) is list and len(group) == 5, "body: group")
        kind, table, columns, ids, values = group
        need(is_int(kind, 0, 2) and is_name(table), "body: kind or table")
        need(type(columns) is list and len(columns) <= MAX_COLUMNS, "body: columns")
        need(all(map(is_name, columns)), "body: columns")
        need(len(set(columns)) == len(columns) and (kind == 2) == (not columns), "body: columns")
        need(type(ids) is list and ids and len(writes) + len(ids) <= header.writes, "body: ids")
        for name in map(as_text, ids):
            need(name is not None and ID.fullmatch(name), "body: id")
        need(type(values) is list and len(values) == len(columns), "body: values")
        for column in values:
            need(type(column) is list and len(column) == len(ids), "body: values")
            need(all(map(is_value, column)), "body: a value of no allowed type or size")
        for index, name in enumerate(map(as_text, ids)):
            row = {column: values[at][index] for at, column in enumerate(columns)}
            writes.append((kind, table, name, row))
    need(len(writes) == header.writes, "body: another number of writes than was signed")
    need(len({(w[1], w[2]) for w in writes}) == len(writes), "body: a row is written twice")
    return writes


def as_text(value):
    return str(value) if isinstance(value, uuid.UUID) else value if type(value) is str else None


def check(path, keys, tenant, headers=False):
    """Everything that one delta shows by itself."""
    with open(path, "rb") as file:
        envelope = file.read(MAX_ENVELOPE + 1)
    payload, key = check_envelope(envelope, keys)
    header = Header(payload)
    origin = hashlib.sha256(b"prepkc/origin/v1\0" + key + header.tenant).digest()[:16]
    need(header.origin == origin, "header: the origin is not that of the key and tenant")
    need(tenant in (None, header.tenant), "header: another tenant")
    if os.path.exists(path + ".body"):
        with open(path + ".body", "rb") as file:
            check_body(file.read(MAX_BODY + 1), header)
    elif not headers:
        raise Refused(f"body: there is no file {path}.body")
    header.hash, header.path = hashlib.sha256(payload).digest(), path
    return header


def chain_problems(chain, every, partial):
    """What is wrong between the deltas of one origin, in order."""
    problems, heads, previous = [], {}, None
    for header in chain:
        def wrong(reason, header=header):
            problems.append((header, reason))
        if previous is None:
            if header.seq != 1 and not partial:
                wrong(f"the chain begins with number {header.seq}, not 1")
            if header.part != 0 and not partial:
                wrong("the chain begins inside a transaction")
        elif header.seq == previous.seq:
            wrong("fork: another delta has this number")
        elif header.seq != previous.seq + 1:
            wrong(f"gap: the one before has number {previous.seq}")
        elif header.previous != previous.hash:
            wrong("names another predecessor")
        elif previous.part + 1 < previous.parts:
            if (header.part, header.parts) != (previous.part + 1, previous.parts):
                wrong("the parts of a transaction don't belong together")
        elif header.part != 0:
            wrong("a part without the ones before it")
        for origin, seq, prefix in header.seen:
            if seq < heads.get(origin, 0):
                wrong("seen goes back")
            heads[origin] = seq
            named = every.get((origin, seq))
            if named and prefix not in [one.hash[:8] for one in named]:
                wrong(f"seen names another delta {seq} of {origin.hex()}")
        previous = header
    if previous.part + 1 < previous.parts and not partial:
        problems.append((previous, "the last transaction is incomplete"))
    return problems


def pairs(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        names = sorted(n for n in os.listdir(path) if os.path.isfile(os.path.join(path, n)))
        for name in names:
            if name.endswith(".body"):
                if name[:-5] not in names:
                    yield os.path.join(path, name[:-5])
            else:
                yield os.path.join(path, name)


def arguments(given=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument(
        "--key", action="append", required=True, metavar="HEX", help="a public key; repeatable")
    parser.add_argument("--tenant", metavar="UUID", help="the tenant that all must belong to")
    parser.add_argument(
        "--partial", action="store_true", help="a chain may begin and end anywhere")
    parser.add_argument("--headers", action="store_true", help="a body may be missing")
    options = parser.parse_args(given)
    keys = {}
    for text in options.key:
        try:
            key = bytes.fromhex(text)
        except ValueError:
            parser.error(f"'{text}' is not hexadecimal")
        if len(key) != 32:
            parser.error("a public key has 32 bytes")
        if key[:31] + bytes([key[31] & 0x7F]) in SMALL_ORDER:
            parser.error("a key of small order is refused")
        keys[hashlib.sha256(key).digest()[:8]] = key
    try:
        tenant = uuid.UUID(options.tenant).bytes if options.tenant else None
    except ValueError:
        parser.error(f"'{options.tenant}' is not a UUID")
    return options, keys, tenant


def main(given=None):
    options, keys, tenant = arguments(given)
    good, failed = [], []
    for path in pairs(options.paths):
        try:
            header = check(path, keys, tenant, options.headers)
            tenant = header.tenant
            good.append(header)
        except (Refused, OSError) as error:
            failed.append((path, str(error)))
    chains, every = {}, {}
    for header in sorted(good, key=lambda h: (h.origin, h.seq, h.hash)):
        known = every.setdefault((header.origin, header.seq), [])
        if header.hash in [one.hash for one in known]:
            continue  # the same delta twice
        known.append(header)
        chains.setdefault(header.origin, []).append(header)
    for chain in chains.values():
        problems = chain_problems(chain, every, options.partial)
        failed += [(header.path, reason) for header, reason in problems]
    bad = {path for path, _ in failed}
    for header in good:
        if header.path not in bad:
            print(f"ok      {header.path}: {header.origin.hex()} {header.seq} {header.hash.hex()}")
    for path, reason in failed:
        print(f"failed  {path}: {reason}")
    for origin, chain in chains.items():
        print(f"chain   {origin.hex()}: {chain[0].seq} to {chain[-1].seq}")
    if not good and not failed:
        print("failed: there is nothing to check")
        return 1
    total = len({header.path for header in good} | bad)
    print(f"{'failed' if failed else 'ok'}: {total - len(bad)} of {total} deltas are well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
