use crate::fixture::Ledger;
use databourse_merkle::leaf_hash;
use databourse_primitives::Height;
use databourse_store::ENTRIES_MAX;

/// Sizes around the ends of tiles of the first two levels, and of the block sizes between them.
const SIZES: &[u64] = &[
    1, 2, 3, 17, 254, 255, 256, 257, 300, 511, 512, 513, 1_000, 65_279, 65_280, 65_281, 65_535, 65_536,
    65_537, 65_791, 65_792, 65_793, 131_071, 131_072, 131_400,
];

#[tokio::test]
async fn the_edge_is_rebuilt_as_it_was_pushed() {
    let mut ledger = Ledger::create().await;
    for size in SIZES {
        let batch = ledger.next(size - ledger.edge.size(), Vec::new(), Vec::new());
        ledger.writer.commit(&batch).await.unwrap();
        assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge, "at {size} leaves");
        let head = ledger.store.chain_head().await.unwrap().unwrap();
        assert_eq!((head.tree_size, head.root), (*size, ledger.edge.root()));
        assert_eq!(ledger.writer.chain_head().await.unwrap(), Some(head));
    }
    entries_and_hashes_come_in_order(&ledger).await;
    tiles_come_as_they_were_finished(&ledger).await;
    blocks_come_in_order(&ledger).await;
    let counts = ledger.store.counts().await.unwrap();
    assert_eq!(counts["block.header"], SIZES.len() as u64);
    assert_eq!(counts["block.header"] + counts["test.entry"], ledger.edge.size());
}

async fn entries_and_hashes_come_in_order(ledger: &Ledger) {
    let size = ledger.edge.size();
    for (first, count) in [(0, 1), (0, 0), (250, 10), (65_500, 300), (size - 3, 10), (size, 5), (u64::MAX, 5)]
    {
        let expected: Vec<_> = (first..first.saturating_add(u64::from(count)).min(size))
            .map(|index| index.to_be_bytes().to_vec())
            .collect();
        assert_eq!(ledger.store.entries(first, count).await.unwrap(), expected, "{first} {count}");
        let hashes: Vec<_> = expected.iter().map(|bytes| leaf_hash(bytes)).collect();
        assert_eq!(ledger.store.leaf_hashes(first, count).await.unwrap(), hashes, "{first} {count}");
    }
    assert_eq!(ledger.store.leaf_hashes(1, u32::MAX).await.unwrap().len(), ENTRIES_MAX as usize);
    let entry = ledger.store.entry(300).await.unwrap().unwrap();
    assert_eq!(entry.leaf_hash, leaf_hash(&entry.bytes));
    assert_eq!((entry.leaf_index.0, entry.height, &*entry.entry_type), (300, Height(10), "block.header"));
    for absent in [size, u64::MAX] {
        assert_eq!(ledger.store.entry(absent).await.unwrap(), None);
    }
}

async fn tiles_come_as_they_were_finished(ledger: &Ledger) {
    let first = ledger.store.full_tile(0, 0).await.unwrap().unwrap();
    assert_eq!(first, ledger.store.leaf_hashes(0, 256).await.unwrap());
    let wanted = [(1, 1), (0, 511), (9, 9), (0, 3), (0, 513), (0, u64::MAX)];
    let tiles = ledger.store.full_tiles(&wanted).await.unwrap();
    let found: Vec<_> = tiles.iter().map(|tile| (tile.level, tile.index)).collect();
    assert_eq!(found, [(0, 3), (0, 511), (1, 1)]);
    assert_eq!(ledger.store.full_tile(0, 513).await.unwrap(), None, "this one is not full");
    assert_eq!(ledger.store.full_tiles(&[]).await.unwrap(), []);
}

async fn blocks_come_in_order(ledger: &Ledger) {
    let blocks = ledger.store.blocks(Height(3), 4).await.unwrap();
    let found: Vec<_> = blocks.iter().map(|block| (block.height.0, block.tree_size)).collect();
    assert_eq!(found, [(3, 3), (4, 17), (5, 254), (6, 255)]);
    assert!(blocks.windows(2).all(|pair| pair[0].tree_size == pair[1].header_index.0));
    assert_eq!(ledger.store.block(Height(4)).await.unwrap(), Some(blocks[1]));
    assert_eq!(ledger.store.block(Height(26)).await.unwrap(), None);
    assert_eq!(ledger.store.block(Height(0)).await.unwrap(), None, "heights begin with 1");
}
