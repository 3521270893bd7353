#!/usr/bin/env python3
"""Writes the Merkle vectors beside it from the definitions of RFC 9162 §2.1 and C2SP tlog-tiles alone.

It shares no code with crates/merkle, so the two check each other. Run it only to add cases: `python3 generate.py`.
"""
import hashlib, json, pathlib

HERE = pathlib.Path(__file__).parent
sha = lambda data: hashlib.sha256(data).digest()
leaf = lambda data: sha(b"\0" + data)
node = lambda left, right: sha(b"\1" + left + right)
hexes = lambda hashes: [h.hex() for h in hashes]


def split(n):
    return 1 << ((n - 1).bit_length() - 1)


def mth(leaves):  # §2.1.1
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(mth(leaves[:k]), mth(leaves[k:]))


def path(m, leaves):  # §2.1.3.1
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return path(m, leaves[:k]) + [mth(leaves[k:])] if m < k else path(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, whole):  # §2.1.4.1
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


def proof(m, leaves):
    return [] if m == 0 else subproof(m, leaves, True)


def write(name, about, **body):
    text = json.dumps({"about": about, **body}, indent=1, ensure_ascii=False)
    (HERE / name).write_text(text + "\n")


L = [leaf(i.to_bytes(8, "big")) for i in range(70_000)]
NUMBERED = "Leaf i is the 8 bytes of i, big-endian."

# ── roots ──
sizes = [*range(0, 18), 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 999, 1000, 4096, 65535,
         65536, 65537, 70000]
roots = {n: mth(L[:n]) for n in sizes}
every = [mth(L[:n]) for n in range(1, 1001)]
write("roots.json", NUMBERED + " `roots` are MTH(D_size). `all_of_1_to_1000` is SHA-256 over the 1,000 roots of the "
      "sizes 1 to 1000, one after another, so that one value covers them all.",
      roots=[{"size": n, "root": h.hex()} for n, h in roots.items()], all_of_1_to_1000=sha(b"".join(every)).hex())

# ── the eight leaves of the certificate-transparency reference ──
E8 = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
H8 = [leaf(bytes.fromhex(e)) for e in E8]
write("rfc6962.json", "The eight leaves known from the certificate-transparency reference tests, their roots for each "
      "size from 0, and every inclusion and consistency proof among them.",
      leaves=E8, roots=hexes(mth(H8[:n]) for n in range(9)),
      inclusion=[{"index": m, "size": n, "proof": hexes(path(m, H8[:n]))} for n in range(1, 9) for m in range(n)],
      consistency=[{"old": m, "new": n, "proof": hexes(proof(m, H8[:n]))} for n in range(9) for m in range(n + 1)])


# ── proofs, accepted and refused ──
def changed(h):
    return bytes([h[0] ^ 1]) + h[1:]


def inclusion(case, index, size, expect="ok", at=None, root=None, hash=None, edit=lambda p: p):
    at = at or (index, size)
    p = edit(path(at[0], L[:at[1]]))
    return {"case": case, "leaf_hash": (hash or L[at[0]]).hex(), "index": index, "size": size, "proof": hexes(p),
            "root": (root or mth(L[:at[1]])).hex(), "expect": expect}


pairs = [(0, 1), (0, 2), (1, 2), (2, 3), (0, 7), (6, 7), (0, 8), (7, 8), (255, 256), (0, 257), (256, 257), (500, 1000),
         (999, 1000), (0, 65537), (65536, 65537), (69887, 70000), (12345, 70000)]
write("inclusion.json", NUMBERED + " Inclusion proofs, from the leaf up, with the verdict of RFC 9162 §2.1.3.2. Checks "
      "run in the order index_outside_tree, too_long, too_short, root_mismatch.", cases=[
    *[inclusion("accepted", m, n) for m, n in pairs],
    inclusion("index is the size", 7, 7, "index_outside_tree", at=(6, 7)),
    inclusion("empty tree", 0, 0, "index_outside_tree", at=(0, 1)),
    inclusion("wrong index", 4, 7, "root_mismatch", at=(5, 7)),
    inclusion("wrong index with a shorter path", 6, 7, "too_long", at=(5, 7)),
    inclusion("wrong index with a longer path", 5, 7, "too_short", at=(6, 7)),
    inclusion("size too large", 3, 9, "too_short", at=(3, 7)),
    inclusion("size too small", 3, 4, "too_long", at=(3, 7)),
    inclusion("wrong leaf", 3, 7, "root_mismatch", hash=L[2]),
    inclusion("root of another size", 3, 7, "root_mismatch", root=mth(L[:8])),
    inclusion("changed hash", 3, 7, "root_mismatch", edit=lambda p: [p[0], changed(p[1]), p[2]]),
    inclusion("turned around", 3, 7, "root_mismatch", edit=lambda p: p[::-1]),
    inclusion("last hash missing", 3, 7, "too_short", edit=lambda p: p[:-1]),
    inclusion("first hash missing", 3, 7, "too_short", edit=lambda p: p[1:]),
    inclusion("no hash at all", 3, 7, "too_short", edit=lambda p: []),
    inclusion("one hash more", 3, 7, "too_long", edit=lambda p: p + [p[-1]]),
    inclusion("a hash for the only leaf", 0, 1, "too_long", edit=lambda p: [L[1]]),
])


def consistency(case, old, new, expect="ok", at=None, old_root=None, new_root=None, edit=lambda p: p):
    at = at or (old, new)
    return {"case": case, "old_size": old, "old_root": (old_root or mth(L[:at[0]])).hex(), "new_size": new,
            "new_root": (new_root or mth(L[:at[1]])).hex(), "proof": hexes(edit(proof(at[0], L[:at[1]]))),
            "expect": expect}


pairs = [(0, 0), (0, 7), (1, 1), (1, 2), (1, 7), (2, 7), (3, 7), (4, 7), (6, 7), (7, 7), (7, 8), (4, 8), (255, 256),
         (256, 257), (256, 1000), (999, 1000), (600, 1000), (65535, 65537), (65536, 70000), (69999, 70000), (1, 70000)]
write("consistency.json", NUMBERED + " Consistency proofs with the verdict of RFC 9162 §2.1.4.2; from the empty tree "
      "the proof is empty (C2SP tlog-witness). Checks run in the order old_larger_than_new, too_long, too_short, "
      "old_root_mismatch, new_root_mismatch.", cases=[
    *[consistency("accepted", m, n) for m, n in pairs],
    consistency("old larger than new", 8, 7, "old_larger_than_new", at=(6, 7)),
    consistency("wrong old size", 5, 7, "old_root_mismatch", at=(6, 7), edit=lambda p: p + [p[0]]),
    consistency("old size with a longer proof", 3, 7, "too_short", at=(6, 7)),
    consistency("old size with a shorter proof", 4, 7, "too_long", at=(3, 7)),
    consistency("new size too large", 3, 9, "too_short", at=(3, 7)),
    consistency("new size too small", 3, 4, "too_long", at=(3, 7)),
    consistency("another old root", 3, 7, "old_root_mismatch", old_root=mth(L[:4])),
    consistency("another old root of a perfect tree", 4, 7, "new_root_mismatch", old_root=mth(L[:3])),
    consistency("another new root", 3, 7, "new_root_mismatch", new_root=mth(L[:8])),
    consistency("changed first hash", 3, 7, "old_root_mismatch", edit=lambda p: [changed(p[0])] + p[1:]),
    consistency("changed last hash", 3, 7, "new_root_mismatch", edit=lambda p: p[:-1] + [changed(p[-1])]),
    consistency("turned around", 3, 7, "old_root_mismatch", edit=lambda p: p[::-1]),
    consistency("last hash missing", 3, 7, "too_short", edit=lambda p: p[:-1]),
    consistency("no hash at all", 3, 7, "too_short", edit=lambda p: []),
    consistency("no hash at all, perfect old tree", 4, 7, "too_short", edit=lambda p: []),
    consistency("one hash more", 3, 7, "too_long", edit=lambda p: p + [p[-1]]),
    consistency("a hash between equal trees", 7, 7, "too_long", edit=lambda p: [L[0]]),
    consistency("equal sizes, other roots", 7, 7, "new_root_mismatch", new_root=mth(L[:8])),
    consistency("a hash from the empty tree", 0, 7, "too_long", edit=lambda p: [L[0]]),
    consistency("an empty tree with a leaf's root", 0, 7, "old_root_mismatch", old_root=L[0]),
    consistency("an empty tree become another empty tree", 0, 0, "new_root_mismatch", new_root=L[0]),
])

# ── tiles ──
def tile(level, index, width):
    span = 256 ** level
    start = index * 256
    return b"".join(mth(L[i * span:(i + 1) * span]) for i in range(start, start + width))


def spell(index):
    groups = []
    while True:
        index, low = divmod(index, 1000)
        groups.insert(0, f"{low:03}")
        if not index:
            return "/".join(["x" + g for g in groups[:-1]] + groups[-1:])


bodies = []
for size in [1, 255, 256, 257, 1000, 70000]:
    for level in range(8):
        count = size >> 8 * level
        full, rest = divmod(count, 256)
        some = sorted({0, full - 1} & set(range(full)))
        for index, width in [*((i, 256) for i in some), *([(full, rest)] if rest else [])]:
            name = f"tile/{level}/{spell(index)}" + (f".p/{width}" if width < 256 else "")
            bodies.append({"size": size, "path": name, "level": level, "index": index, "width": width,
                           "sha256": sha(tile(level, index, width)).hex()})
write("tiles.json", NUMBERED + " Tiles of the tree of `size` leaves: the first, the last full one and the partial one "
      "of each level, with the SHA-256 of the body.", tiles=bodies)

MAX = 2**64 - 1
accepted = [("0", 0, 256), ("0", 0, 1), ("0", 999, 255), ("1", 1000, 256), ("2", 1234067, 256), ("2", 1234067, 8),
            ("63", MAX, 256), ("7", 10**18, 112), ("entries", 0, 256), ("entries", 273, 112), ("entries", MAX, 255)]
refused = [
    ("frame", ["", "tile", "tile/", "tile/0", "/tile/0/000", "tiles/0/000", "Tile/0/000", "checkpoint"]),
    ("level", ["tile//000", "tile/64/000", "tile/255/000", "tile/256/000", "tile/65536/000", "tile/00/000",
               "tile/01/000", "tile/+1/000", "tile/-1/000", "tile/ 1/000", "tile/١/000", "tile/data/000",
               "tile/Entries/000", "tile/x/000"]),
    ("width", ["tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256",
               "tile/0/000.p/999999999999", "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1",
               "tile/0/000.p/a", "tile/0/.p/256", "tile/entries/000.p/0", "tile/entries/000.p/256"]),
    ("index", ["tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/x000", "tile/0/x001",
               "tile/0/001/000", "tile/0/x001/", "tile/0/x001/x000", "tile/0/x001//000", "tile/0/x01/000",
               "tile/0/xx001/000", "tile/0/X001/000", "tile/0/000/", "tile/0/000.p", "tile/0/000.p1", "tile/0/.p/1",
               "tile/0/-01", "tile/0/+01", "tile/0/ 01", "tile/0/00a", "tile/0/١", "tile/0/0é", "tile/0/000?", "tile/0/0%30",
               "tile/0/x000/x000/01", "tile/0/" + "x999/" * 40 + "99",
               "tile/entries/", "tile/entries/0", "tile/entries/entries/000", "tile/0/../000"]),
    ("padding", ["tile/0/x000/000", "tile/0/x000/001", "tile/0/x000/x001/000", "tile/entries/x000/067.p/8"]),
    ("overflow", ["tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x019/x000/x000/x000/x000/x000/000",
                  "tile/0/" + "x999/" * 40 + "999", "tile/entries/x018/x446/x744/x073/x709/x551/616.p/255"]),
]
write("tile_paths.json", "Paths of tiles and entry bundles, C2SP tlog-tiles. A refused path names the first failing "
      "check in the order frame, level, width, index, padding, overflow. `index` is text, as it can exceed 2^53.",
      accepted=[{"path": f"tile/{l}/{spell(n)}" + (f".p/{w}" if w < 256 else ""), "level": l, "index": str(n), "width": w}
                for l, n, w in accepted],
      refused=[{"path": p, "expect": why} for why, paths in refused for p in paths])
