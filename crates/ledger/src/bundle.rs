//! Entry bundles: (uint16 big-endian length ‖ entry)*, the content of `/tile/entries/<N>` (C2SP tlog-tiles, section
//! "Log entries") and of a block.

use crate::Entry;
use databourse_primitives::Refusal;
use std::fmt;

/// Entries in a full bundle of the tile interface (C2SP tlog-tiles).
pub const BUNDLE_ENTRIES_MAX: usize = 256;

/// Why a bundle was refused. Positions count entries from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleError {
    /// The bytes end inside this entry or its length.
    Truncated {
        /// The entry's position in the bundle.
        position: usize,
    },
    /// The entry has no bytes; no JWS is empty.
    EntryEmpty {
        /// The entry's position in the bundle.
        position: usize,
    },
    /// More entries than the reader allows.
    TooManyEntries {
        /// How many it allows.
        entries_max: usize,
    },
    /// The entry is not one.
    Entry {
        /// The entry's position in the bundle.
        position: usize,
        /// What [`Entry::parse`] says.
        refusal: Refusal,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { position } => write!(f, "the bundle ends inside entry {position}"),
            Self::EntryEmpty { position } => write!(f, "entry {position} of the bundle is empty"),
            Self::TooManyEntries { entries_max } => {
                write!(f, "the bundle has more than {entries_max} entries")
            }
            Self::Entry { position, refusal } => write!(f, "entry {position} of the bundle: {refusal}"),
        }
    }
}

impl std::error::Error for BundleError {}

/// Writes entries one behind the other, each after its length.
pub fn encode_bundle<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<u8> {
    let mut bundle = Vec::new();
    for entry in entries {
        let bytes = entry.bytes();
        // An `Entry` has at most `ENTRY_BYTES_MAX` bytes, so the length always fits.
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(bytes);
    }
    bundle
}

/// Splits a bundle into the bytes of its entries without reading them. No bytes are no entries.
///
/// # Errors
/// `Truncated`, `EntryEmpty` or `TooManyEntries`; bytes behind the last entry read as a truncated one.
pub fn decode_bundle(bundle: &[u8], entries_max: usize) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let position = entries.len();
        if position == entries_max {
            return Err(BundleError::TooManyEntries { entries_max });
        }
        let truncated = BundleError::Truncated { position };
        let (length, behind) = rest.split_first_chunk::<2>().ok_or(truncated.clone())?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            return Err(BundleError::EntryEmpty { position });
        }
        let (entry, behind) = behind.split_at_checked(length).ok_or(truncated)?;
        entries.push(entry);
        rest = behind;
    }
    Ok(entries)
}

/// Splits a bundle and parses each entry. Signatures are not verified.
///
/// # Errors
/// As [`decode_bundle`], and `Entry` for the first that does not parse.
pub fn parse_bundle(bundle: &[u8], entries_max: usize) -> Result<Vec<Entry>, BundleError> {
    let entries = decode_bundle(bundle, entries_max)?;
    let parsed = entries.into_iter().enumerate().map(|(position, bytes)| {
        Entry::parse(bytes).map_err(|refusal| BundleError::Entry { position, refusal })
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bundle: &[u8], expected: Result<Vec<&[u8]>, BundleError>) {
        assert_eq!(decode_bundle(bundle, 2), expected);
    }

    #[test]
    fn a_bundle_is_read_to_its_last_byte_or_refused() {
        check(b"", Ok(vec![]));
        check(b"\x00\x01a\x00\x02bc", Ok(vec![b"a", b"bc"]));
        check(b"\x00", Err(BundleError::Truncated { position: 0 }));
        check(b"\x00\x01", Err(BundleError::Truncated { position: 0 }));
        check(b"\x00\x01a\x00\x02b", Err(BundleError::Truncated { position: 1 }));
        check(b"\x00\x01a\xff", Err(BundleError::Truncated { position: 1 }));
        check(b"\x00\x00", Err(BundleError::EntryEmpty { position: 0 }));
        check(b"\x00\x01a\x00\x01b\x00\x01c", Err(BundleError::TooManyEntries { entries_max: 2 }));
        assert_eq!(
            parse_bundle(b"\x00\x01a", 1).map_err(|error| match error {
                BundleError::Entry { position, refusal } => (position, refusal.code.as_str()),
                other => panic!("{other}"),
            }),
            Err((0, "entry.malformed"))
        );
    }
}
