//! Where the bytes of a ledger come from. Nothing here is verified.

use crate::{Bundle, LogError, bundle::BUNDLE_BYTES_MAX};
use databourse_client::Client;
use databourse_ledger::{NOTE_BYTES_MAX, SignedCheckpoint};
use databourse_merkle::{BundleCoord, Hash, TILE_WIDTH, TileCoord, tile};
use databourse_primitives::LeafIndex;
use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::PathBuf,
};

const TILE_BYTES_MAX: usize = TILE_WIDTH as usize * Hash::LENGTH;

/// A ledger in the layout of C2SP tlog-tiles: `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
#[derive(Debug, Clone)]
pub enum LogSource {
    /// A node, or any web server. Entry bundles of a node need the token of an auditor or an operator.
    Http(Client),
    /// A folder, e.g. one that `databourse mirror` keeps.
    Folder(PathBuf),
}

impl LogSource {
    /// What `place` names: an address if it begins with `http://`, a folder otherwise.
    ///
    /// # Errors
    /// `Client` if the system has no resources for a client.
    pub fn named(place: &str, token: Option<&str>) -> Result<Self, LogError> {
        if !place.starts_with("http://") && !place.starts_with("https://") {
            return Ok(Self::Folder(PathBuf::from(place)));
        }
        let client = Client::new(place)?;
        Ok(Self::Http(token.map_or_else(|| client.clone(), |token| client.bearing(token))))
    }

    /// The bytes at `path`, without its leading slash; `None` if there are none. More than `bytes_max` are an error.
    ///
    /// # Errors
    /// `Client` after some attempts, `File`.
    pub async fn read(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, LogError> {
        let folder = match self {
            Self::Http(client) => return Ok(client.get_bytes(&format!("/{path}"), bytes_max).await?),
            Self::Folder(folder) => folder,
        };
        let path = folder.join(path);
        let file = match File::open(&path) {
            Ok(file) => file,
            // `NotADirectory`: what should be a folder of partial tiles is a file.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(LogError::file(&path, error)),
        };
        let mut bytes = Vec::new();
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| LogError::file(&path, error))?;
        if bytes.len() > bytes_max {
            return Err(LogError::file(&path, std::io::Error::other(format!("more than {bytes_max} bytes"))));
        }
        Ok(Some(bytes))
    }

    /// The signed checkpoint.
    ///
    /// # Errors
    /// As [`LogSource::read`]; `Missing`, `Checkpoint`.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, LogError> {
        let bytes = self.read("checkpoint", NOTE_BYTES_MAX).await?;
        let bytes = bytes.ok_or_else(|| LogError::missing("checkpoint"))?;
        SignedCheckpoint::parse(&bytes).map_err(LogError::Checkpoint)
    }

    /// The hashes of a tile. Of a partial one that is gone, the full one's (tlog-tiles, "Partial Tiles").
    ///
    /// # Errors
    /// As [`LogSource::read`]; `Missing`, `Altered` if it has another length.
    pub async fn tile(&self, coord: TileCoord) -> Result<Vec<Hash>, LogError> {
        let mut found = coord;
        let mut bytes = self.read(&coord.path(), TILE_BYTES_MAX).await?;
        if bytes.is_none() && !coord.is_full() {
            found = coord.full();
            bytes = self.read(&found.path(), TILE_BYTES_MAX).await?;
        }
        let bytes = bytes.ok_or_else(|| LogError::missing(coord))?;
        let mut hashes = tile::decode(found, &bytes).map_err(|_| LogError::Altered {
            path: found.path(),
            leaf_index: first_leaf(found),
            expected: "32 bytes for each hash",
        })?;
        hashes.truncate(usize::from(coord.width()));
        Ok(hashes)
    }

    /// The entries of a bundle. Of a partial one that is gone, those of the full one.
    ///
    /// # Errors
    /// As [`LogSource::read`]; `Missing`, `Altered` if they cannot be told apart.
    pub async fn bundle(&self, coord: BundleCoord) -> Result<Bundle, LogError> {
        let mut bytes = self.read(&coord.path(), BUNDLE_BYTES_MAX).await?;
        if bytes.is_none() && !coord.is_full() {
            bytes = self.read(&coord.full().path(), BUNDLE_BYTES_MAX).await?;
        }
        Bundle::split(coord, bytes.ok_or_else(|| LogError::missing(coord))?)
    }
}

/// The first leaf under a tile.
pub(crate) fn first_leaf(coord: TileCoord) -> Option<LeafIndex> {
    let leaves = 1u64.checked_shl(8 * (u32::from(coord.level()) + 1))?;
    coord.index().checked_mul(leaves).map(LeafIndex)
}
