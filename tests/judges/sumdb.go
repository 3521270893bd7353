// Judges a ledger in a folder of static files with golang.org/x/mod/sumdb, whose note and tlog packages are what the C2SP
// formats come from. Reads the folder only; prints what it checked, or says what is wrong and fails.
//
// Go's paths have the height of a tile in them, tile/8/<L>/<N>; C2SP's have not. Nothing else is adapted.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(format string, words ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", words...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

// folder reads tiles from files.
type folder string

func (f folder) Height() int { return height }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), path(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

type proofs struct {
	Inclusion []struct {
		Index int64
		Size  int64
		Leaf  string
		Root  string
		Proof []string
	}
	Consistency []struct {
		Old     int64
		OldRoot string `json:"old_root"`
		New     int64
		NewRoot string `json:"new_root"`
		Proof   []string
	}
}

func hash(text string) tlog.Hash {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err, "base64")
	if len(data) != tlog.HashSize {
		fail("%d bytes are no hash", len(data))
	}
	var h tlog.Hash
	copy(h[:], data)
	return h
}

func hashes(texts []string) []tlog.Hash {
	var all []tlog.Hash
	for _, text := range texts {
		all = append(all, hash(text))
	}
	return all
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// open verifies the note with the key of the file vkey and reads the checkpoint.
func open(dir string) tlog.Tree {
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	must(err, "vkey")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err, "the verifier key")
	message, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err, "checkpoint")
	opened, err := note.Open(message, note.VerifierList(verifier))
	must(err, "the note")
	damaged := bytes.Replace(message, []byte("\n"), []byte("x\n"), 1)
	if _, err := note.Open(damaged, note.VerifierList(verifier)); err == nil {
		fail("a changed note was opened")
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("the text of the note is no checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "the size")
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

func main() {
	dir := os.Args[1]
	tree := open(dir)
	// Reading hashes through it verifies every tile against the root of the checkpoint.
	reader := tlog.TileHashReader(tree, folder(dir))
	root, err := tlog.TreeHash(tree.N, reader)
	must(err, "the root")
	if root != tree.Hash {
		fail("the tiles have another root than the checkpoint")
	}

	data, err := os.ReadFile(filepath.Join(dir, "proofs.json"))
	must(err, "proofs.json")
	var given proofs
	must(json.Unmarshal(data, &given), "proofs.json")
	for _, p := range given.Inclusion {
		own, err := tlog.ProveRecord(p.Size, p.Index, reader)
		must(err, "a proof of a record")
		proof, leaf, root := hashes(p.Proof), hash(p.Leaf), hash(p.Root)
		if !same(own, proof) {
			fail("another proof of record %d of %d", p.Index, p.Size)
		}
		must(tlog.CheckRecord(proof, p.Size, root, p.Index, leaf), "our proof of a record")
		if tlog.CheckRecord(proof, p.Size, leaf, p.Index, root) == nil && leaf != root {
			fail("a wrong proof of record %d was accepted", p.Index)
		}
	}
	for _, p := range given.Consistency {
		own, err := tlog.ProveTree(p.New, p.Old, reader)
		must(err, "a proof of a tree")
		proof, old, new := hashes(p.Proof), hash(p.OldRoot), hash(p.NewRoot)
		if !same(own, proof) {
			fail("another proof from %d to %d", p.Old, p.New)
		}
		must(tlog.CheckTree(proof, p.New, new, p.Old, old), "our proof of a tree")
		if old != new && tlog.CheckTree(proof, p.New, old, p.Old, new) == nil {
			fail("a wrong proof from %d to %d was accepted", p.Old, p.New)
		}
	}

	bundles := 0
	for start := int64(0); start < tree.N; start += 1 << height {
		width := tree.N - start
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: 0, N: start >> height, W: int(width)}
		file := filepath.Join(dir, strings.Replace(path(tile), "tile/0/", "tile/entries/", 1))
		bundle, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue
		}
		must(err, "a bundle")
		bundles++
		// All leaves at once: each call verifies the tiles up to the root anew.
		var indexes []int64
		for index := start; index < start+width; index++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, index))
		}
		stored, err := reader.ReadHashes(indexes)
		must(err, "the leaves of a bundle")
		for index := start; index < start+width; index++ {
			if len(bundle) < 2 {
				fail("%s ends before entry %d", file, index)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			bundle = bundle[2:]
			if len(bundle) < length {
				fail("%s ends inside entry %d", file, index)
			}
			if tlog.RecordHash(bundle[:length]) != stored[index-start] {
				fail("entry %d of %s is not its leaf", index, file)
			}
			bundle = bundle[length:]
		}
		if len(bundle) != 0 {
			fail("%s goes on", file)
		}
	}
	fmt.Printf("size=%d inclusion=%d consistency=%d bundles=%d\n", tree.N, len(given.Inclusion), len(given.Consistency), bundles)
}
