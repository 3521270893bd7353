#!/usr/bin/env python3
"""Writes the first seeds of each target from the vectors of the repository. Findings, named `found-…`, are left alone."""
import hashlib, json, pathlib, re

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent
VECTORS = ROOT / "tests/vectors"
load = lambda name: json.loads((VECTORS / name).read_text())
text = lambda name: (VECTORS / name).read_bytes()


def seed(target, name, data):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def bundle(entries):
    return b"".join(len(e).to_bytes(2, "big") + e for e in entries)


# ── entries, bundles, blocks ──
entry = load("ledger/entry.json")["entry"].encode()
seed("entry", "good", entry)
for place, case in enumerate(load("ledger/entry-hostile.json")):
    if len(case["entry"]) < 2_000:
        seed("entry", f"hostile-{place:02}", case["entry"])
block = bytes.fromhex(load("ledger/block.json")["block_hex"])
seed("block", "good", block)
commands = bytes.fromhex(load("ledger/bundle.json")["bundle_hex"])
seed("block", "headless", commands)
for name, data in [("good", commands), ("one", bundle([entry])), ("short", bundle([b"a", b"bc"])), ("block", block),
                   ("empty-entry", b"\0\0"), ("cut", commands[:-1]), ("full", bundle([b"x"] * 256))]:
    seed("bundle", name, data)

# ── notes, checkpoints, keys, policies ──
cosigned = text("ledger/cosignature.txt").decode()
for name, change in [("two-blank-lines", lambda t: t.replace("\n", "\n\n", 1)), ("crlf", lambda t: t.replace("\n", "\r\n")),
                     ("cut", lambda t: t[:-9]), ("twice", lambda t: t + t.rstrip("\n").rsplit("\n", 1)[1] + "\n"),
                     ("zero", lambda t: re.sub("\n5\n", "\n0\n", t)), ("long", lambda t: t.replace("\n5\n", "\n18446744073709551615\n"))]:
    seed("checkpoint", name, change(cosigned))
    seed("note", name, change(cosigned))
policy = text("ledger/policy.txt").decode()
for place, words in enumerate(line.split() for line in policy.splitlines()):
    if words[0] in ("log", "witness"):
        seed("vkey", f"key-{place}", words[1 if words[0] == "log" else 2])
seed("vkey", "unknown-type", "example.com/foo+530d903a+Bg==")
log, *witnesses, group, quorum = policy.splitlines()
seed("policy", "none", f"{log}\nquorum none\n")
seed("policy", "one", f"# any\n\n{witnesses[0]}\n \t{log}\nquorum w1\n")
seed("policy", "nested", "\n".join([log, *witnesses, "group a any w1 w2", "group b 1 w3", "group c all a b w4", "quorum c\n"]))
seed("policy", "witness-twice", "\n".join([witnesses[0], witnesses[0], "quorum w1\n"]))

# ── receipts, certificates, snapshots ──
receipt = text("ledger/receipt.tlog-proof").decode()
seed("receipt", "extra", receipt.replace("\nindex", "\nextra AAEC\nindex", 1))
seed("receipt", "index-3", receipt.replace("index 2", "index 3"))
seed("receipt", "no-path", re.sub("index 2\n.*?\n\n", "index 0\n\n", receipt, flags=re.S))
certificate = load("ledger/certificate.json")
seed("certificate", "flat", json.dumps(certificate))
seed("certificate", "more", json.dumps({**certificate, "more": 1}))
proven = {"entry": certificate["entry"], "receipt": certificate["receipt"]}
for count in range(3):
    proof = {"format": "databourse-snapshot-proof@v1", "header": proven, "attestations": [proven] * count}
    seed("snapshot_proof", f"attested-by-{count}", json.dumps(proof, indent=2))

# ── tiles ──
paths = load("merkle/tile_paths.json")
for place, case in enumerate(paths["accepted"]):
    hashes = b"".join(hashlib.sha256(bytes([place, at % 256])).digest() for at in range(case["width"]))
    small = case["width"] < 20 and case["level"] != "entries"
    seed("tile", f"good-{place:02}", case["path"].encode() + (b"\n" + hashes if small else b""))
for place, case in enumerate(paths["refused"]):
    seed("tile", f"bad-{place:02}", case["path"])

# ── proofs: shift, two numbers, leaf or old root, claimed root (zeros: put the right one in), hashes ──
for name in ("inclusion", "consistency"):
    for place, case in enumerate(load(f"merkle/{name}.json")["cases"]):
        numbers = (case["index"], case["size"]) if name == "inclusion" else (case["old_size"], case["new_size"])
        first, root = (case["leaf_hash"], case["root"]) if name == "inclusion" else (case["old_root"], case["new_root"])
        hashes = [first, "00" * 32 if case["expect"] == "ok" else root, *case["proof"]]
        data = bytes([0]) + b"".join(n.to_bytes(8, "big") for n in numbers) + b"".join(map(bytes.fromhex, hashes))
        seed("merkle_proof", f"{name}-{place:02}", data)

# ── commands: every type with an empty body, and some that are read ──
source = (ROOT / "crates/market/src/command.rs").read_text()
types = re.findall(r'^    [A-Z]\w+ = "([a-z_.]+)";', source, re.M)
assert len(types) > 40
for name in types:
    seed("command", f"empty-{name}", f"{name}\n{{}}")
E1, E2 = "019aa2b4-5c00-7000-8000-000000000001", "019aa2b4-5c00-7000-8000-000000000002"
KEY = load("ledger/entry.json")["public_key"]
DIGEST = "sha256:" + "ab" * 32
read = {
    "account.deposit": {"party": E1, "asset": "CNY/2", "amount_minor": 100, "bank_reference": "bank-1"},
    "account.withdraw": {"asset": "CNY/2", "amount_minor": 500},
    "break.assign": {"break": E1, "owner": "a@b"},
    "delivery.record": {"order": E1},
    "member.propose": {"change": {"name": "suspend", "exchange": "ah", "reason": "does not pay"}},
    "member.vote": {"proposal": E1, "approve": True},
    "offer.publish": {"product": E1, "price": "12.50"},
    "order.accept": {"order": E1, "lines": [1]},
    "order.place": {"lines": [{"offer": E1}]},
    "order.reject": {"order": E1, "lines": [2], "reason": "columns missing"},
    "party.certify": {"legal_name": {"en": "a", "zh": "甲"}, "legal_identifier": "ext:a", "roles": ["buyer"],
                      "home_region": "CN-SH", "entrusts_exchange": True, "valid_until": "2030-01-01T00:00:00Z"},
    "party.revoke": {"party": E1, "reason": "fraud"},
    "product.list": {"right": E1, "details": {"title": {"en": "t"}}},
    "snapshot.attest": {"height": 7, "content": {"tree_size": 9, "row_count": 20, "digest": DIGEST}},
    "snapshot.order": {},
    "window.abort": {"window": "CNY/2#1", "reason": "bank holiday"},
    "window.close": {"window": "CNY/2#1"},
}
for name, body in read.items():
    seed("command", f"read-{name}", f"{name}\n{json.dumps(body, ensure_ascii=False)}")
