"""Verifies the certificate and the block of this folder from docs/ENTRY.md and the C2SP pages alone.

Needs the package `cryptography`. Run inside tests/vectors/ledger.
"""
import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(data):
    return sha256(b"\x00" + data)


def node(left, right):
    return sha256(b"\x01" + left + right)


def holds(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except InvalidSignature:
        return False


# The entry: signature, key name, seed.
certificate = json.load(open("certificate.json"))
entry = certificate["entry"]
header, payload, signature = entry.split(".")
key_text = certificate["author_key"].removeprefix("ed25519:")
assert holds(base64url(key_text), base64url(signature), f"{header}.{payload}".encode())
members = '{"crv":"Ed25519","kty":"OKP","x":"%s"}' % key_text
assert sha256(members.encode()) == base64url(json.loads(base64url(header))["kid"])
vector = json.load(open("entry.json"))
seed = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed"]))
assert seed.sign(f"{header}.{payload}".encode()) == base64url(signature)
assert leaf(entry.encode()).hex() == vector["leaf_hash"]

# The receipt: from the leaf to the root (RFC 9162, 2.1.3.2).
head, note = certificate["receipt"].split("\n\n", 1)
_, index, *path = head.split("\n")
text, lines = note.rsplit("\n\n", 1)
text += "\n"
_, size, root, _ = text.split("\n")
place, last, found = int(index.removeprefix("index ")), int(size) - 1, leaf(entry.encode())
for step in map(base64.b64decode, path):
    if place & 1 or place == last:
        found = node(step, found)
        while place and not place & 1:
            place, last = place >> 1, last >> 1
    else:
        found = node(found, step)
    place, last = place >> 1, last >> 1
assert last == 0 and found == base64.b64decode(root)

# The checkpoint: every signature line by its key of the policy.
keys = {}
for words in map(str.split, open("policy.txt")):
    if words[0] in ("log", "witness"):
        name, key_id, key = words[1 if words[0] == "log" else 2].split("+", 2)
        key = base64.b64decode(key)
        assert sha256(name.encode() + b"\n" + key)[:4].hex() == key_id
        keys[name, key_id] = key
for line in lines.rstrip("\n").split("\n"):
    _, name, encoded = line.split(" ")
    encoded = base64.b64decode(encoded)
    key = keys[name, encoded[:4].hex()]
    if key[0] == 0x01:
        assert holds(key[1:], encoded[4:], text.encode())
    else:
        time = int.from_bytes(encoded[4:12], "big")
        assert holds(key[1:], encoded[12:], f"cosignature/v1\ntime {time}\n{text}".encode())

# The block: a bundle whose first entry binds the others.
bundle, entries = bytes.fromhex(json.load(open("block.json"))["block_hex"]), []
while bundle:
    length = int.from_bytes(bundle[:2], "big")
    entries.append(bundle[2 : 2 + length])
    bundle = bundle[2 + length :]
assert entries[2].decode() == entry
fields = json.loads(base64url(entries[0].decode().split(".")[1]))["body"]
first, second, third, fourth = map(leaf, entries[1:])
commands_root = node(node(first, second), node(third, fourth))
assert fields["commands_root"] == "sha256:" + commands_root.hex() and fields["command_count"] == 4
print("entry, receipt, checkpoint and block verify")
