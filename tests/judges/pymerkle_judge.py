"""Judges a ledger in a folder of static files with pymerkle, which knows RFC 9162 and nothing of tiles.

The leaves are the entries of the bundles. Roots of all sizes that proofs.json names, and inclusion proofs, must be those of
pymerkle, and its own verification must accept ours. Its consistency proofs have another form than the RFC's; they must lead
from our old root to our new one.
"""
import base64
import json
import pathlib
import sys

from pymerkle import InclusionProof, InmemoryTree, InvalidProof, verify_consistency, verify_inclusion

folder = pathlib.Path(sys.argv[1])
proofs = json.loads((folder / "proofs.json").read_text())
raw = base64.b64decode


def entries():
    """Of all bundles, in order. An index of a million bundles or more is not met here."""
    found = {}
    for file in (folder / "tile/entries").rglob("*"):
        if file.is_file():
            name = file.relative_to(folder / "tile/entries").as_posix().split(".p/")[0]
            found[int(name.replace("x", "").replace("/", ""))] = file.read_bytes()
    for index in range(len(found)):
        bundle = found[index]
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            yield bundle[2 : 2 + length]
            bundle = bundle[2 + length :]


def refused(check):
    try:
        check()
    except InvalidProof:
        return True
    return False


tree = InmemoryTree(algorithm="sha256")
for entry in entries():
    tree.append_entry(entry)
text = (folder / "checkpoint").read_text().split("\n")
assert tree.get_size() == int(text[1]), (tree.get_size(), text[1])
assert tree.get_root() == raw(text[2]), "another root than the checkpoint's"

for case in proofs["inclusion"]:
    index, size = case["index"] + 1, case["size"]
    leaf, root, path = raw(case["leaf"]), raw(case["root"]), [raw(hash) for hash in case["proof"]]
    own = tree.prove_inclusion(index, size)
    assert tree.get_leaf(index) == leaf and tree.get_root(size) == root
    assert own.path == [leaf, *path], f"another proof of {case['index']} of {size}"
    ours = InclusionProof("sha256", True, size, index, own.rule, [leaf, *path])
    verify_inclusion(leaf, root, ours, index=index, size=size, algorithm="sha256")
    assert refused(lambda: verify_inclusion(root, leaf, ours, index=index, size=size)) or leaf == root

for case in proofs["consistency"]:
    old, new = raw(case["old_root"]), raw(case["new_root"])
    own = tree.prove_consistency(case["old"], case["new"])
    verify_consistency(old, new, own, prior_size=case["old"], later_size=case["new"], algorithm="sha256")
    assert refused(lambda: verify_consistency(new, old, own)) or old == new

print(f"size={tree.get_size()} inclusion={len(proofs['inclusion'])} consistency={len(proofs['consistency'])}")
