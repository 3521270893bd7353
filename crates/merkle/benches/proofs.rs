//! How long proofs take: `cargo bench -p databourse-merkle`. Figures are in docs/PERFORMANCE.md.
//!
//! The tree is read as a node reads it, from tiles with their interior nodes at hand, and as an auditor does who has just
//! fetched plain tiles.
#![allow(clippy::expect_used, missing_docs, reason = "a measurement")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use databourse_merkle::{
    Hash, HashReader as _, MemoryTree, TileCoord, TileNodes, consistency_proof, inclusion_proof,
    inclusion_proofs, leaf_hash, tile, tiles_for_inclusions, verify_consistency, verify_inclusion,
};
use std::{collections::BTreeMap, hint::black_box, sync::Arc};

/// A million leaves: three levels of tiles.
const SIZE: u64 = 1_000_003;
/// A full block of commands at its end, as a busy region has them.
const BATCH: u64 = 1_000;

type Nodes = BTreeMap<TileCoord, Arc<TileNodes>>;

fn tree() -> MemoryTree {
    (0..SIZE).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn nodes(tree: &MemoryTree) -> Nodes {
    let of = |coord: TileCoord| {
        let hashes = tree.tile(coord).expect("a tile").into_owned();
        (coord, Arc::new(TileNodes::new(coord, hashes).expect("its width")))
    };
    tile::tiles_of(SIZE).map(of).collect()
}

/// Leaves that have nothing to do with each other.
fn scattered() -> Vec<u64> {
    (0..BATCH).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % SIZE).collect()
}

fn single(criterion: &mut Criterion) {
    let tree = tree();
    let nodes = nodes(&tree);
    let mut next = scattered().into_iter().cycle();
    let mut index = move || next.next().expect("an endless row");
    criterion.bench_function("inclusion/build, nodes at hand", |bencher| {
        bencher.iter_batched(&mut index, |index| inclusion_proof(index, SIZE, &nodes), BatchSize::SmallInput);
    });
    let tiles: BTreeMap<TileCoord, Vec<Hash>> =
        nodes.iter().map(|(coord, nodes)| (*coord, nodes.hashes().to_vec())).collect();
    criterion.bench_function("inclusion/build, plain tiles", |bencher| {
        bencher.iter_batched(&mut index, |index| inclusion_proof(index, SIZE, &tiles), BatchSize::SmallInput);
    });
    let root = tree.root();
    criterion.bench_function("inclusion/verify", |bencher| {
        let proof = |index| (index, inclusion_proof(index, SIZE, &nodes).expect("a proof"));
        bencher.iter_batched(
            || proof(index()),
            |(index, proof)| verify_inclusion(tree.leaves()[index as usize], index, SIZE, &proof, root),
            BatchSize::SmallInput,
        );
    });
    let (old, proof) = (SIZE - BATCH, consistency_proof(SIZE - BATCH, SIZE, &nodes).expect("a proof"));
    let old_root = tree.root_at(old).expect("a smaller tree");
    criterion.bench_function("consistency/build, nodes at hand", |bencher| {
        bencher.iter(|| consistency_proof(black_box(old), SIZE, &nodes));
    });
    criterion.bench_function("consistency/verify", |bencher| {
        bencher.iter(|| verify_consistency(black_box(old), old_root, SIZE, root, &proof));
    });
}

fn batch(criterion: &mut Criterion) {
    let tree = tree();
    let block: Vec<u64> = (SIZE - BATCH..SIZE).collect();
    for (name, indexes) in [("a block at the end", block), ("scattered", scattered())] {
        let planned = tiles_for_inclusions(&indexes, SIZE);
        let tiles: BTreeMap<TileCoord, Vec<Hash>> =
            planned.iter().map(|coord| (*coord, tree.tile(*coord).expect("a tile").into_owned())).collect();
        let nodes: Nodes = tiles
            .iter()
            .map(|(coord, hashes)| {
                (*coord, Arc::new(TileNodes::new(*coord, hashes.clone()).expect("its width")))
            })
            .collect();
        let mut group = criterion.benchmark_group(format!("{BATCH} proofs, {name}"));
        group.throughput(Throughput::Elements(BATCH)).sample_size(20);
        group.bench_function("one by one, nodes at hand", |bencher| {
            bencher.iter(|| {
                indexes.iter().map(|index| inclusion_proof(*index, SIZE, &nodes)).collect::<Vec<_>>()
            });
        });
        group.bench_function("in one pass, nodes at hand", |bencher| {
            bencher.iter(|| inclusion_proofs(&indexes, SIZE, &nodes));
        });
        group.bench_function("one by one, plain tiles", |bencher| {
            bencher.iter(|| {
                indexes.iter().map(|index| inclusion_proof(*index, SIZE, &tiles)).collect::<Vec<_>>()
            });
        });
        group.bench_function("in one pass, plain tiles", |bencher| {
            bencher.iter(|| inclusion_proofs(&indexes, SIZE, &tiles));
        });
        group.finish();
    }
}

criterion_group!(proofs, single, batch);
criterion_main!(proofs);
