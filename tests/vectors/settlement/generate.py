"""Writes window-tree.json from the definitions in crates/reconcile/src/tree/mod.rs; shares nothing with that crate.

    python3 tests/vectors/settlement/generate.py > tests/vectors/settlement/window-tree.json
"""

import hashlib
import json


def text(value):
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def encoding(line):
    amounts = [line.get(field, 0) for field in ("net_minor", "vat_minor", "fee_minor", "fee_vat_minor")]
    return b"".join(
        [b"\x01", text(line.get("key", "")), text(line["kind"]), text(line["counterparty"]), text(line["asset"])]
        + [amount.to_bytes(8, "big", signed=True) for amount in amounts]
        + [text(line.get("schedule", "")), text(str(line.get("tax", ""))), text(line["window"])]
        + [text(line["status"]), text(line.get("original", ""))]
    )


def place(line):
    return line["counterparty"].encode() + b"\0" + line.get("key", "").encode() + b"\0"


def totals(lines):
    sums = {}
    for line in lines:
        count, amount = sums.get(line["asset"], (0, 0))
        sums[line["asset"]] = (count + 1, amount + line["net_minor"] + line.get("vat_minor", 0))
    return sorted(sums.items())


def totals_bytes(lines):
    sums = totals(lines)
    rows = [
        bytes([len(asset)]) + asset.encode() + count.to_bytes(8, "big") + amount.to_bytes(16, "big", signed=True)
        for asset, (count, amount) in sums
    ]
    return len(sums).to_bytes(2, "big") + b"".join(rows)


def bit(raw, index):
    return raw[index // 8] >> (7 - index % 8) & 1


def root(lines):
    if not lines:
        return hashlib.sha256(b"").digest()
    places = sorted({place(line) for line in lines})
    if len(places) == 1:
        encodings = sorted(encoding(line) for line in lines)
        body = b"".join(len(one).to_bytes(4, "big") + one for one in encodings)
        return hashlib.sha256(b"\x00" + len(encodings).to_bytes(4, "big") + body).digest()
    # No place is the beginning of another, so the first and the last differ in a bit that both have.
    first, last = places[0], places[-1]
    fork = next(index for index in range(8 * len(first)) if bit(first, index) != bit(last, index))
    prefix = bytearray(first[: (fork + 7) // 8])
    if fork % 8:
        prefix[-1] &= 0xFF << (8 - fork % 8) & 0xFF
    sides = [[line for line in lines if bit(place(line), fork) == side] for side in (0, 1)]
    body = b"".join(root(side) + totals_bytes(side) for side in sides)
    return hashlib.sha256(b"\x01" + fork.to_bytes(2, "big") + bytes(prefix) + body).digest()


def sale(counterparty, key, net, **more):
    line = {
        "key": key,
        "kind": "sale",
        "counterparty": counterparty,
        "asset": "CNY/2",
        "net_minor": net,
        "vat_minor": net * 6 // 100,
        "fee_minor": net * 25 // 1000,
        "fee_vat_minor": net * 15 // 10000,
        "schedule": "CNY/2@1",
        "tax": 1,
        "window": "CNY/2#7",
        "status": "final",
        "occurred_at": "2026-11-22T02:47:32.123Z",
    }
    line.update(more)
    return {field: value for field, value in line.items() if value is not None and value != 0}


BUYER = "019aa2b4-5c00-7000-8000-000000000001"
ORDER = "019aa2b4-5c00-7000-8000-000000000009"
SOLD = sale(BUYER, f"{ORDER}.1/sale", 20000)
GIVEN_BACK = sale(
    BUYER,
    f"{ORDER}.1/refund/019aa2b4-5c00-7000-8000-00000000000a",
    -20000,
    kind="refund",
    vat_minor=-1200,
    fee_minor=-500,
    fee_vat_minor=-30,
    original=f"{ORDER}.1/sale",
)
PAID = sale("gz", "CNY/2#7/1", -5, kind="settlement", vat_minor=0, fee_minor=0, fee_vat_minor=0, schedule=None, tax=None)
TOTAL = sale("sh", None, 40000, status="pending")
DOLLARS = sale("b", "k", 1000, asset="USD/2", window="USD/2#1", schedule=None)
CASES = [
    ("no lines", []),
    ("one line", [SOLD]),
    ("a sale and its refund", [SOLD, GIVEN_BACK]),
    ("a key twice", [SOLD, SOLD]),
    ("a counterparty that begins another", [sale("b", "k", 100000), sale("ba", "k", 100000), sale("b", "ka", 100000)]),
    ("two assets, a line without a key, a payment out", [SOLD, GIVEN_BACK, PAID, TOTAL, DOLLARS, sale("gz", "k", 60000)]),
    ("a hundred lines", [sale(f"p{number % 7}", f"order/{number}/sale", 200 * number) for number in range(1, 101)]),
]

print(
    json.dumps(
        {
            "about": "Lines of a settlement window and the root of their tree, in any order of the lines. `encoding` is "
            "that of the first line. Defined in crates/reconcile/src/tree/mod.rs; written by generate.py.",
            "cases": [
                {
                    "name": name,
                    "lines": lines,
                    "encoding": encoding(lines[0]).hex() if lines else "",
                    "root": "sha256:" + root(lines).hex(),
                    "totals": [
                        {"asset": asset, "count": count, "sum_minor": str(amount)}
                        for asset, (count, amount) in totals(lines)
                    ],
                }
                for name, lines in CASES
            ],
        },
        indent=1,
    )
)
