//! Up to 256 entries as they are served.

use crate::LogError;
use databourse_ledger::{BUNDLE_ENTRIES_MAX, ENTRY_BYTES_MAX, decode_bundle};
use databourse_merkle::{BundleCoord, Hash, TILE_WIDTH, leaf_hash};
use databourse_primitives::LeafIndex;

/// The longest bundle in bytes.
pub(crate) const BUNDLE_BYTES_MAX: usize = BUNDLE_ENTRIES_MAX * (ENTRY_BYTES_MAX + 2);

/// An entry bundle (C2SP tlog-tiles, "Log entries") that was split into its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    coord: BundleCoord,
    bytes: Vec<u8>,
    /// Where each entry begins and ends.
    places: Vec<(usize, usize)>,
}

impl Bundle {
    /// Splits `bytes`. A bundle that holds more entries than `coord` has room for is cut: it has grown since.
    ///
    /// # Errors
    /// `Altered` if the bytes are not entries one behind the other, or too few.
    pub(crate) fn split(coord: BundleCoord, mut bytes: Vec<u8>) -> Result<Self, LogError> {
        let altered = |position: usize| LogError::Altered {
            path: coord.path(),
            leaf_index: coord.first_leaf().map(|first| LeafIndex(first + position as u64)),
            expected: "entries, each behind its length",
        };
        let places = {
            let entries = decode_bundle(&bytes, BUNDLE_ENTRIES_MAX).map_err(|error| {
                use databourse_ledger::BundleError::{EntryEmpty, Truncated};
                altered(match error {
                    Truncated { position } | EntryEmpty { position } => position,
                    _ => 0,
                })
            })?;
            let mut end = 0;
            let mut places = Vec::with_capacity(entries.len());
            for entry in entries {
                let begin = end + 2;
                end = begin + entry.len();
                places.push((begin, end));
            }
            places
        };
        let mut places = places;
        let width = usize::from(coord.width());
        if places.len() < width {
            return Err(altered(places.len()));
        }
        places.truncate(width);
        bytes.truncate(places.last().map_or(0, |(_, end)| *end));
        Ok(Self { coord, bytes, places })
    }

    /// Which bundle it is.
    pub const fn coord(&self) -> BundleCoord {
        self.coord
    }

    /// The place of its first entry.
    pub const fn first_leaf(&self) -> LeafIndex {
        LeafIndex(self.coord.index().saturating_mul(TILE_WIDTH as u64))
    }

    /// The bundle as it is served.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its entries.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.places.iter().map(|(begin, end)| self.bytes.get(*begin..*end).unwrap_or_default())
    }

    /// Holds the entries against the hashes of their tile.
    ///
    /// # Errors
    /// `Altered` with the first entry that does not have its hash.
    pub(crate) fn check(&self, hashes: &[Hash]) -> Result<(), LogError> {
        let differs = self.entries().zip(hashes).position(|(entry, hash)| leaf_hash(entry) != *hash);
        match differs {
            None if hashes.len() == self.places.len() => Ok(()),
            at => Err(LogError::Altered {
                path: self.coord.path(),
                leaf_index: Some(LeafIndex(self.first_leaf().0 + at.unwrap_or_default() as u64)),
                expected: "the entry whose hash is in the tile",
            }),
        }
    }
}
