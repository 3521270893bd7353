//! Entries, bundles of them, and blocks.

use crate::known::CERTIFICATE;
use databourse_ledger::{
    BLOCK_BYTES_MAX, BUNDLE_ENTRIES_MAX, Block, Entry, SigningKey, decode_bundle, encode_bundle, parse_bundle,
};

/// A compact JWS.
pub(crate) fn entry(input: &[u8]) {
    let Ok(entry) = Entry::parse(input) else { return };
    assert_eq!(entry.bytes(), input);
    assert_eq!(entry.as_str().as_bytes(), input);
    // Its claims are claims that may be signed, and mean the same afterwards.
    let key = SigningKey::from_seed([7; 32]);
    if let Ok(again) = Entry::sign(entry.claims(), &key) {
        assert_eq!(format!("{:?}", again.claims()), format!("{:?}", entry.claims()));
        assert_eq!(again.verify(&key.public_key()), Ok(()));
        assert_eq!(Entry::parse(again.bytes()), Ok(again));
    } else {
        // Only the names of members in another order or spelling can make ours the longer one.
        assert!(input.len() > 10_000, "claims that were read cannot be signed");
    }
    if entry.verify(&CERTIFICATE.author_key).is_ok() {
        // The author's key has signed this one only, as far as this program knows.
        assert_eq!(entry, CERTIFICATE.entry, "a forged entry");
    }
}

/// `tile/entries/…`: (uint16 length ‖ entry)*.
pub(crate) fn bundle(input: &[u8]) {
    let Ok(entries) = decode_bundle(input, BUNDLE_ENTRIES_MAX) else {
        assert!(parse_bundle(input, BUNDLE_ENTRIES_MAX).is_err());
        return;
    };
    assert!(entries.len() <= BUNDLE_ENTRIES_MAX);
    let lengths = entries.iter().map(|entry| u16::try_from(entry.len()).unwrap().to_be_bytes());
    let written: Vec<u8> =
        lengths.zip(&entries).flat_map(|(length, entry)| [&length, *entry].concat()).collect();
    assert_eq!(written, input);
    if let Ok(parsed) = parse_bundle(input, BUNDLE_ENTRIES_MAX) {
        assert_eq!(parsed.len(), entries.len());
        assert_eq!(encode_bundle(&parsed), input);
    }
    if let Some(fewer) = entries.len().checked_sub(1) {
        assert!(decode_bundle(input, fewer).is_err());
    }
}

/// A bundle whose first entry is the header of the others.
pub(crate) fn block(input: &[u8]) {
    let Ok(block) = Block::decode(input) else { return };
    assert_eq!(block.encode(), input);
    assert!(input.len() <= BLOCK_BYTES_MAX);
    assert_eq!(block.check_shape(), Ok(()));
    let fields = block.header_fields().expect("a block that was read has a header");
    assert_eq!(fields.command_count as usize, block.commands.len());
    assert_eq!(block.leaf_hashes().count(), block.commands.len() + 1);
    assert_eq!(fields.commands_root, databourse_ledger::commands_root(&block.commands));
}
