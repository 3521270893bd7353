//! The node's secret keys, in one file that only its owner may read.

use crate::{Entropy, founding::PublicKeys};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_ledger::SigningKey;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Every secret of a node, each with one use.
pub struct NodeKeys {
    seeds: [Zeroizing<[u8; 32]>; 7],
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("key file {path} may be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a key file.
    #[error("key file {path} is not one: {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    entry_key: Zeroizing<String>,
    checkpoint_key: Zeroizing<String>,
    cosignature_key: Zeroizing<String>,
    token_key: Zeroizing<String>,
    custody_key: Zeroizing<String>,
    consensus_key: Zeroizing<String>,
    peer_key: Zeroizing<String>,
}

const USES: [&str; 7] = ["entry", "checkpoint", "cosignature", "token", "custody", "consensus", "peer"];

impl NodeKeys {
    /// New keys.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(entropy: &Entropy) -> Result<Self, std::io::Error> {
        let mut seeds = std::array::from_fn(|_| Zeroizing::new([0; 32]));
        for (seed, name) in seeds.iter_mut().zip(USES) {
            *seed = entropy.bytes(&format!("node key {name}"))?;
        }
        Ok(Self { seeds })
    }

    /// Reads the file at `path`, or makes new keys and writes it.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load_or_generate(path: &Path, entropy: &Entropy) -> Result<Self, KeyFileError> {
        if path.exists() {
            return Self::load(path);
        }
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let keys = Self::generate(entropy).map_err(io)?;
        keys.write(path).map_err(io)?;
        Ok(keys)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
        }
        let malformed = |expected: String| KeyFileError::Malformed { path: path.to_owned(), expected };
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        let file: KeyFile = toml::from_str(&text).map_err(|error| malformed(error.message().to_owned()))?;
        let texts = [
            file.entry_key,
            file.checkpoint_key,
            file.cosignature_key,
            file.token_key,
            file.custody_key,
            file.consensus_key,
            file.peer_key,
        ];
        let mut seeds = std::array::from_fn(|_| Zeroizing::new([0; 32]));
        for ((seed, text), name) in seeds.iter_mut().zip(&texts).zip(USES) {
            let bytes = Zeroizing::new(STANDARD.decode(text.as_bytes()).unwrap_or_default());
            let bytes: &[u8; 32] = bytes
                .as_slice()
                .try_into()
                .map_err(|_| malformed(format!("`{name}_key`: 32 bytes in base64")))?;
            seed.copy_from_slice(bytes);
        }
        Ok(Self { seeds })
    }

    /// Writes the file whole or not at all: a kill in between leaves no half of it.
    fn write(&self, path: &Path) -> Result<(), std::io::Error> {
        let text = |index: usize| Zeroizing::new(STANDARD.encode(*self.seeds[index]));
        let file = KeyFile {
            entry_key: text(0),
            checkpoint_key: text(1),
            cosignature_key: text(2),
            token_key: text(3),
            custody_key: text(4),
            consensus_key: text(5),
            peer_key: text(6),
        };
        let body = Zeroizing::new(toml::to_string(&file).map_err(std::io::Error::other)?);
        let draft = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        let mut handle = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        handle.write_all(b"# The secret keys of this node. Whoever has them is the exchange.\n")?;
        handle.write_all(body.as_bytes())?;
        handle.sync_all()?;
        fs::rename(&draft, path)
    }

    /// Signs the exchange's entries and block headers.
    pub fn entry_key(&self) -> SigningKey {
        SigningKey::from_seed(*self.seeds[0])
    }

    /// Signs checkpoints as the log (0x01).
    pub fn checkpoint_key(&self) -> SigningKey {
        SigningKey::from_seed(*self.seeds[1])
    }

    /// Co-signs checkpoints as the exchange (0x04).
    pub fn cosignature_key(&self) -> SigningKey {
        SigningKey::from_seed(*self.seeds[2])
    }

    /// Seed of the key that signs access tokens.
    pub fn token_seed(&self) -> Zeroizing<[u8; 32]> {
        self.seeds[3].clone()
    }

    /// Key that seals the keys in custody.
    pub(crate) fn custody_secret(&self) -> Zeroizing<[u8; 32]> {
        self.seeds[4].clone()
    }

    /// Signs what the exchanges agree on.
    pub fn consensus_key(&self) -> SigningKey {
        SigningKey::from_seed(*self.seeds[5])
    }

    /// Seed of the key by which the other exchanges' nodes know this one.
    pub fn peer_seed(&self) -> Zeroizing<[u8; 32]> {
        self.seeds[6].clone()
    }

    /// The public halves that stand in the ledger.
    pub(crate) fn public(&self) -> PublicKeys {
        PublicKeys {
            entry: self.entry_key().public_key(),
            checkpoint: self.checkpoint_key().public_key(),
            cosignature: self.cosignature_key().public_key(),
            consensus: self.consensus_key().public_key(),
        }
    }
}

impl std::fmt::Debug for NodeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeKeys(hidden)")
    }
}
