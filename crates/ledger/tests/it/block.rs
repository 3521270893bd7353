//! Blocks: the header binds exactly its commands.

use crate::support::*;
use databourse_ledger::{
    BLOCK_BYTES_MAX, BLOCK_HEADER_TYPE, Block, BlockError, BlockHeader, BundleError, Claims, Entry,
    commands_root, encode_bundle,
};
use databourse_merkle::{EMPTY_ROOT, MemoryTree};
use databourse_primitives::{Digest, Height, RefusalCode, Timestamp, TreeSize};

#[track_caller]
fn check(change: impl FnOnce(&mut Block), expected: Result<(), BlockError>) {
    let mut block = block();
    change(&mut block);
    assert_eq!(block.check_shape(), expected);
    assert_eq!(Block::decode(&block.encode()).map(|_| ()), expected);
}

/// The block's header with another body or type, signed again.
fn header(change: impl FnOnce(&mut Claims)) -> Entry {
    let mut claims = block().header.claims().clone();
    change(&mut claims);
    Entry::sign(&claims, &author()).unwrap()
}

#[test]
fn a_block_is_read_as_it_was_written() {
    let block = block();
    let read = Block::decode(&block.encode()).unwrap();
    assert_eq!(read, block);
    assert_eq!(read.id(), Digest::of(block.header.bytes()));
    let fields = read.header_fields().unwrap();
    assert_eq!((fields.height, fields.command_count), (Height(1), 4));
    assert_eq!(fields.previous_root, EMPTY_ROOT);
    assert_eq!(block.header.claims().issued_at_s, TIME_S);
    assert_eq!(block.header.verify(&author().public_key()), Ok(()));
    let mut tree = MemoryTree::new();
    tree.extend(block.commands.iter().map(Entry::leaf_hash));
    assert_eq!(fields.commands_root, tree.root());
    assert_eq!(block.leaf_hashes().count(), 5);
    assert_eq!(block.leaf_hashes().next(), Some(block.header.leaf_hash()));
}

#[test]
fn a_header_binds_number_order_and_bytes_of_its_commands() {
    use BlockError::*;
    let count = |found| Err(CountDiffers { stated: 4, found });
    check(|_| (), Ok(()));
    check(|block| drop(block.commands.pop()), count(3));
    check(|block| block.commands.push(entry(5)), count(5));
    check(|block| block.commands.clear(), count(0));
    check(|block| block.commands.swap(0, 1), Err(RootDiffers));
    check(|block| block.commands[3] = entry(5), Err(RootDiffers));
    let nested = block().header;
    check(|block| block.commands[2] = nested, Err(HeaderAsCommand { position: 2 }));
}

#[test]
fn a_header_that_is_none_is_refused_where_it_fails() {
    #[track_caller]
    fn refused(change: impl FnOnce(&mut Claims), code: RefusalCode, field: &str) {
        let mut block = block();
        block.header = header(change);
        let refusal = block.header_fields().unwrap_err();
        assert_eq!((refusal.code, &*refusal.field), (code, field), "{refusal}");
        assert_eq!(block.check_shape(), Err(BlockError::Header(refusal)));
    }
    let body = |from: &str, to: &str| raw(&block().header.claims().body.get().replacen(from, to, 1));
    let malformed = RefusalCode::BodyMalformed;
    refused(|claims| claims.entry_type = "block.footer".into(), RefusalCode::EntryMalformed, "payload.type");
    refused(|claims| claims.body = body("\"height\":1", "\"height\":0"), malformed, "height");
    refused(|claims| claims.body = body("\"height\":1", "\"height\":-1"), malformed, "");
    refused(|claims| claims.body = body("\"height\":1,", ""), malformed, "");
    refused(|claims| claims.body = body("{", "{\"nonce\":1,"), malformed, "");
    refused(|claims| claims.body = body("sha256:", ""), malformed, "");
    refused(|claims| claims.body = body(":4,", ":4294967296,"), malformed, "");
    refused(|claims| claims.body = raw("{}"), malformed, "");
}

#[test]
fn an_empty_block_is_a_block() {
    let fields = BlockHeader::for_commands(
        Height(2),
        Timestamp::from_unix_ms(1),
        &[],
        Digest::of(b""),
        TreeSize(5),
        EMPTY_ROOT,
    );
    assert_eq!(fields.commands_root, EMPTY_ROOT);
    let id = claims(1).id;
    let block = Block::new(fields, id, "sh".parse().unwrap(), vec![], &author()).unwrap();
    assert_eq!(Block::decode(&block.encode()), Ok(block));
}

#[test]
fn a_proposer_cannot_sign_a_header_for_other_commands() {
    let mut fields = block().header_fields().unwrap();
    let id = claims(1).id;
    let new = |fields, commands| Block::new(fields, id, "sh".parse().unwrap(), commands, &author());
    assert_eq!(new(fields.clone(), vec![entry(1)]), Err(BlockError::CountDiffers { stated: 4, found: 1 }));
    fields.commands_root = commands_root(&[]);
    assert_eq!(new(fields, block().commands), Err(BlockError::RootDiffers));
}

#[test]
fn bytes_that_are_no_block_are_refused() {
    assert_eq!(Block::decode(b""), Err(BlockError::HeaderMissing));
    let truncated = BundleError::Truncated { position: 4 };
    let bytes = block().encode();
    assert_eq!(Block::decode(&bytes[..bytes.len() - 1]), Err(BlockError::Bundle(truncated)));
    assert_eq!(Block::decode(&vec![0; BLOCK_BYTES_MAX + 1]), Err(BlockError::TooLarge));
    let headless = encode_bundle(&block().commands);
    assert!(matches!(Block::decode(&headless), Err(BlockError::Header(_))));
    assert_eq!(block().header.claims().entry_type, BLOCK_HEADER_TYPE);
}
