#!/usr/bin/env python3
"""Reads negative_inclusion.json and negative_consistency.json and refuses every case, by the steps of RFC 9162 §2.1.3.2 and
§2.1.4.2 in plain Python. `--write` makes the files anew, from the definitions in §2.1.1, §2.1.3.1 and §2.1.4.1.

It shares no code with crates/merkle. Leaf i is the 8 bytes of i, big-endian. Numbers are texts, since some are above 2^53.
"""
import hashlib, json, pathlib, sys

HERE = pathlib.Path(__file__).parent
sha = lambda data: hashlib.sha256(data).digest()
leaf_hash = lambda data: sha(b"\0" + data)
node = lambda left, right: sha(b"\1" + left + right)
EMPTY = sha(b"")
ZEROS = bytes(32)


# ── verifying, step by step ──
def inclusion_holds(leaf, index, size, path, root):  # §2.1.3.2
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistency_holds(first, first_root, second, second_root, path):  # §2.1.4.2, and C2SP tlog-witness for 0
    if first > second:
        return False
    if first == 0 or first == second:
        if path or (first == 0 and first_root != EMPTY):
            return False
        return first != second or first_root == second_root
    if first & (first - 1) == 0:
        path = [first_root, *path]
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# ── building, by definition ──
def split(n):
    return 1 << ((n - 1).bit_length() - 1)


def mth(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    k = split(len(leaves))
    return node(mth(leaves[:k]), mth(leaves[k:]))


def path_of(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return path_of(m, leaves[:k]) + [mth(leaves[k:])] if m < k else path_of(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


def flipped(h):
    return h[:-1] + bytes([h[-1] ^ 1])


def bent(path, strangers):
    """Paths that are not this one: name and hashes."""
    last = len(path) - 1
    yield "no hash at all", []
    yield "turned around", path[::-1]
    for at in sorted({0, last // 2, last} & set(range(len(path)))):
        yield f"hash {at} changed", path[:at] + [flipped(path[at])] + path[at + 1:]
        yield f"hash {at} missing", path[:at] + path[at + 1:]
        yield f"hash {at} twice", path[:at + 1] + path[at:]
        if at:
            yield f"hashes {at - 1} and {at} swapped", path[:at - 1] + [path[at], path[at - 1]] + path[at + 1:]
            yield f"hashes {at - 1} and {at} joined", path[:at - 1] + [node(path[at - 1], path[at])] + path[at + 1:]
    for name, stranger in strangers.items():
        yield f"{name} appended", path + [stranger]
        yield f"{name} put before", [stranger, *path]


def write():
    L = [leaf_hash(i.to_bytes(8, "big")) for i in range(1_025)]
    roots = {}
    root = lambda n: roots.setdefault(n, mth(L[:n]))
    cases = []

    def add(case, claim):
        row = {"case": case, **{k: str(v) if isinstance(v, int) else v for k, v in claim.items()}}
        if row not in cases:
            cases.append(row)

    def close(name, about):
        rows = [{k: v.hex() if isinstance(v, bytes) else [h.hex() for h in v] if isinstance(v, list) else v
                 for k, v in row.items()} for row in cases]
        lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
        head = json.dumps(about, ensure_ascii=False)
        (HERE / name).write_text('{\n "about": %s,\n "cases": [\n%s\n ]\n}\n' % (head, lines))
        cases.clear()

    pairs = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (2, 7), (6, 7), (7, 8), (8, 9), (15, 17), (16, 17),
             (32, 33), (63, 64), (64, 65), (600, 1_000)]
    for m, n in pairs:
        p = path_of(m, L[:n])
        good = {"leaf_hash": L[m], "index": m, "size": n, "proof": p, "root": root(n)}
        assert inclusion_holds(L[m], m, n, p, root(n))
        for case, path in bent(p, {"the leaf": L[m], "the root": root(n), "the empty root": EMPTY, "zeros": ZEROS}):
            if path != p:
                add(case, {**good, "proof": path})
        for other in (m - 1, m + 1, m ^ 1, m ^ 2, m + n, n, 2 ** 64 - 1):
            if 0 <= other != m:
                add("another index", {**good, "index": other})
        for other in (0, n - 1, n + 1, n // 2, 2 * n, 2 ** 64 - 1):
            claim = {**good, "size": other}
            # The same hashes fit a size of the same shape along the path; a checkpoint is what tells the two apart.
            if not inclusion_holds(L[m], m, other, p, root(n)):
                add("another size", claim)
            if other <= len(L):
                add("a tree of another size", {**claim, "root": root(other)})
        if p:
            pair = (p[0], L[m]) if m & 1 else (L[m], p[0])
            add("the sibling as leaf", {**good, "leaf_hash": p[0]})
            add("a node as leaf, hashed as data", {**good, "leaf_hash": leaf_hash(pair[0] + pair[1]), "index": m // 2,
                                                  "size": (n + 1) // 2, "proof": p[1:]})
        add("leaf without its prefix", {**good, "leaf_hash": sha(m.to_bytes(8, "big"))})
        add("leaf with the prefix of nodes", {**good, "leaf_hash": sha(b"\1" + m.to_bytes(8, "big"))})
        add("root changed", {**good, "root": flipped(root(n))})
        add("the empty root", {**good, "root": EMPTY})
    close("negative_inclusion.json", "Inclusion claims that RFC 9162 §2.1.3.2 refuses, every one. Leaf i is the 8 bytes of "
          "i, big-endian; numbers are texts.")

    pairs = [(0, 1), (0, 7), (1, 1), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (3, 7), (4, 7), (6, 7), (7, 8), (7, 7), (8, 9),
             (15, 17), (16, 17), (16, 31), (31, 33), (63, 65), (64, 65), (600, 1_000)]
    for m, n in pairs:
        p = [] if m == 0 else subproof(m, L[:n], True)
        good = {"old_size": m, "old_root": root(m), "new_size": n, "new_root": root(n), "proof": p}
        assert consistency_holds(m, root(m), n, root(n), p)
        strangers = {"the old root": root(m), "the new root": root(n), "the empty root": EMPTY, "zeros": ZEROS}
        for case, path in bent(p, strangers):
            if path != p:
                add(case, {**good, "proof": path})
        add("old root changed", {**good, "old_root": flipped(root(m))})
        if m:
            add("new root changed", {**good, "new_root": flipped(root(n))})
        if m != n:
            add("the roots swapped", {**good, "old_root": root(n), "new_root": root(m)})
            add("old larger than new", {**good, "old_size": n, "old_root": root(n), "new_size": m, "new_root": root(m)})
            add("equal sizes of two roots", {**good, "old_size": n, "proof": []})
            add("equal sizes with the proof", {**good, "old_size": n})
        for key, value in (("old_size", m), ("new_size", n)):
            for other in (0, value - 1, value + 1, value ^ 1, value * 2, value // 2, 2 ** 64 - 1):
                claim = {**good, key: other}
                named = (claim["old_size"], claim["old_root"], claim["new_size"], claim["new_root"], p)
                if 0 <= other != value and not consistency_holds(*named):
                    add(f"another {key.replace('_', ' ')}", claim)
    close("negative_consistency.json", "Consistency claims that RFC 9162 §2.1.4.2 refuses, every one; from the empty tree "
          "the proof is empty (C2SP tlog-witness). Leaf i is the 8 bytes of i, big-endian; numbers are texts.")


if "--write" in sys.argv:
    write()
hexes = lambda texts: [bytes.fromhex(text) for text in texts]
count = 0
for c in json.loads((HERE / "negative_inclusion.json").read_text())["cases"]:
    leaf, root = bytes.fromhex(c["leaf_hash"]), bytes.fromhex(c["root"])
    assert not inclusion_holds(leaf, int(c["index"]), int(c["size"]), hexes(c["proof"]), root), c["case"]
    count += 1
for c in json.loads((HERE / "negative_consistency.json").read_text())["cases"]:
    old, new = bytes.fromhex(c["old_root"]), bytes.fromhex(c["new_root"])
    assert not consistency_holds(int(c["old_size"]), old, int(c["new_size"]), new, hexes(c["proof"])), c["case"]
    count += 1
# The positive vectors, so that refusing everything would show.
for name, holds in (("inclusion", lambda c: inclusion_holds(bytes.fromhex(c["leaf_hash"]), c["index"], c["size"],
                                                           hexes(c["proof"]), bytes.fromhex(c["root"]))),
                    ("consistency", lambda c: consistency_holds(c["old_size"], bytes.fromhex(c["old_root"]), c["new_size"],
                                                               bytes.fromhex(c["new_root"]), hexes(c["proof"])))):
    for c in json.loads((HERE / f"{name}.json").read_text())["cases"]:
        assert holds(c) == (c["expect"] == "ok"), c["case"]
print(f"refused {count} claims")
