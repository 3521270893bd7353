//! How long proofs take: `cargo bench -p databourse-merkle`. Figures are in docs/PERFORMANCE.md.
//!
//! The tree is read as a node reads it, from tiles with their interior nodes at hand, and as an auditor does who has just
//! fetched plain tiles. Each line is the median of eleven rounds of a tenth of a second or more. The usual harness is not
//! used: it turns on a feature deep in the tree of dependencies, for which the whole workspace would be compiled anew.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, missing_docs, reason = "a measurement")]

use databourse_merkle::{
    Hash, HashReader as _, MemoryTree, TileCoord, TileNodes, consistency_proof, inclusion_proof,
    inclusion_proofs, leaf_hash, tile, verify_consistency, verify_inclusion,
};
use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

/// A million leaves: three levels of tiles.
const SIZE: u64 = 1_000_003;
/// A large block at its end, or as many leaves anywhere.
const BATCH: u64 = 1_000;

/// Runs `work` until the clock says enough, several times, and prints the median time for each of its `units`.
fn measure(name: &str, units: u64, mut work: impl FnMut(usize)) {
    const ROUNDS: usize = 11;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "a measurement")]
            let start = Instant::now();
            let mut count = 0;
            while start.elapsed() < Duration::from_millis(100) {
                work(count);
                count += 1;
            }
            start.elapsed().as_secs_f64() * 1e6 / (count as f64 * units as f64)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name:<60} {:>10.3} µs  ({:.3} to {:.3})", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]);
}

fn main() {
    let tree: MemoryTree = (0..SIZE).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let plain: BTreeMap<TileCoord, Vec<Hash>> =
        tile::tiles_of(SIZE).map(|coord| (coord, tree.tile(coord).unwrap().into_owned())).collect();
    let nodes: BTreeMap<TileCoord, Arc<TileNodes>> = plain
        .iter()
        .map(|(coord, hashes)| (*coord, Arc::new(TileNodes::new(*coord, hashes.clone()).unwrap())))
        .collect();
    let scattered: Vec<u64> = (0..BATCH).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % SIZE).collect();
    let block: Vec<u64> = (SIZE - BATCH..SIZE).collect();
    let at = |count: usize| count % scattered.len();

    let prove = |index: u64| inclusion_proof(index, SIZE, &nodes).unwrap();
    let proofs: Vec<_> = scattered.iter().map(|index| prove(*index)).collect();
    measure("inclusion, build, nodes at hand", 1, |count| _ = black_box(prove(scattered[at(count)])));
    measure("inclusion, build, plain tiles", 1, |count| {
        black_box(inclusion_proof(scattered[at(count)], SIZE, &plain).unwrap());
    });
    measure("inclusion, verify", 1, |count| {
        let index = scattered[at(count)];
        verify_inclusion(tree.leaves()[index as usize], index, SIZE, &proofs[at(count)], tree.root())
            .unwrap();
    });
    let (old, root) = (SIZE - BATCH, tree.root());
    let (old_root, proof) = (tree.root_at(old).unwrap(), consistency_proof(old, SIZE, &nodes).unwrap());
    measure("consistency, build, nodes at hand", 1, |_| {
        black_box(consistency_proof(black_box(old), SIZE, &nodes).unwrap());
    });
    measure("consistency, verify", 1, |_| {
        verify_consistency(black_box(old), old_root, SIZE, root, &proof).unwrap()
    });

    for (name, indexes) in [("a block of 1,000", &block), ("1,000 scattered", &scattered)] {
        measure(&format!("{name}, one by one, nodes at hand, each"), BATCH, |_| {
            black_box(indexes.iter().map(|index| prove(*index)).collect::<Vec<_>>());
        });
        measure(&format!("{name}, in one pass, nodes at hand, each"), BATCH, |_| {
            black_box(inclusion_proofs(indexes, SIZE, &nodes).unwrap());
        });
        measure(&format!("{name}, one by one, plain tiles, each"), BATCH, |_| {
            let one = |index: &u64| inclusion_proof(*index, SIZE, &plain).unwrap();
            black_box(indexes.iter().map(one).collect::<Vec<_>>());
        });
        measure(&format!("{name}, in one pass, plain tiles, each"), BATCH, |_| {
            black_box(inclusion_proofs(indexes, SIZE, &plain).unwrap());
        });
    }
}
