//! Blocks: a header entry and the command entries that it binds. Bytes: one entry bundle, the header first, so that
//! what consensus orders is what the ledger appends.

mod header;

pub use header::{BlockHeader, commands_root};

use crate::{
    Claims, Entry, SigningKey,
    bundle::{BundleError, encode_bundle, parse_bundle},
};
use databourse_merkle::Hash;
use databourse_primitives::{Digest, EntryId, ExchangeCode, Refusal, RefusalCode};
use serde_json::value::RawValue;
use std::fmt;

/// The `type` of a header entry.
pub const BLOCK_HEADER_TYPE: &str = "block.header";

/// The most commands of a block.
pub const BLOCK_COMMANDS_MAX: usize = 16_384;

/// The longest block in bytes: 16 MiB, four parts of a proposal.
pub const BLOCK_BYTES_MAX: usize = 16_777_216;

/// Why a block was refused. Positions count commands from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockError {
    /// More bytes than [`BLOCK_BYTES_MAX`].
    TooLarge,
    /// The bytes are not a bundle of entries; its entry 0 is the header.
    Bundle(BundleError),
    /// No header entry.
    HeaderMissing,
    /// The header's type or body; the refusal says which field.
    Header(Refusal),
    /// More commands than [`BLOCK_COMMANDS_MAX`].
    TooManyCommands,
    /// The header counts another number of commands.
    CountDiffers {
        /// What the header says.
        stated: u32,
        /// How many there are.
        found: usize,
    },
    /// The header's root is not that of the commands.
    RootDiffers,
    /// A command has the type of a header.
    HeaderAsCommand {
        /// Its position among the commands.
        position: usize,
    },
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the block has more than 16777216 bytes"),
            Self::Bundle(error) => error.fmt(f),
            Self::HeaderMissing => f.write_str("the block has no header entry"),
            Self::Header(refusal) => write!(f, "the block's header: {refusal}"),
            Self::TooManyCommands => f.write_str("the block has more than 16384 commands"),
            Self::CountDiffers { stated, found } => {
                write!(f, "the header counts {stated} commands, the block has {found}")
            }
            Self::RootDiffers => f.write_str("the header's root is not that of the commands"),
            Self::HeaderAsCommand { position } => write!(f, "command {position} is a block header"),
        }
    }
}

impl std::error::Error for BlockError {}

/// A header entry, signed by the proposer, and the commands that it binds. Whether the parts belong together is
/// said by [`Block::check_shape`]; signatures and rules are for the caller to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The first leaf of the block: an entry of type [`BLOCK_HEADER_TYPE`] whose body is a [`BlockHeader`].
    pub header: Entry,
    /// The leaves behind it.
    pub commands: Vec<Entry>,
}

impl Block {
    /// Signs a header for `commands` and puts the block together. Its `iat` is the block's time.
    ///
    /// # Errors
    /// What [`Block::check_shape`] finds, `TooLarge`, or the refusal of [`Entry::sign`] as `Header`.
    pub fn new(
        fields: BlockHeader,
        id: EntryId,
        exchange: ExchangeCode,
        commands: Vec<Entry>,
        key: &SigningKey,
    ) -> Result<Self, BlockError> {
        let body = serde_json::to_string(&fields).and_then(RawValue::from_string);
        let claims = Claims {
            entry_type: BLOCK_HEADER_TYPE.to_owned(),
            id,
            exchange,
            issued_at_s: fields.time.unix_seconds(),
            on_behalf_of: None,
            body: body.map_err(|error| BlockError::Header(body_malformed(&error)))?,
        };
        let header = Entry::sign(&claims, key).map_err(BlockError::Header)?;
        let block = Self { header, commands };
        block.check_shape()?;
        if block.byte_count() > BLOCK_BYTES_MAX {
            return Err(BlockError::TooLarge);
        }
        Ok(block)
    }

    /// Reads the header entry's body.
    ///
    /// # Errors
    /// `entry.malformed` at `payload.type` if it is not a header; `body.malformed` if a field is missing, unknown or
    /// unreadable, or the height is 0.
    pub fn header_fields(&self) -> Result<BlockHeader, Refusal> {
        let claims = self.header.claims();
        if claims.entry_type != BLOCK_HEADER_TYPE {
            return Err(Refusal::new(RefusalCode::EntryMalformed, "payload.type", "`block.header`"));
        }
        let fields: BlockHeader =
            serde_json::from_str(claims.body.get()).map_err(|error| body_malformed(&error))?;
        if fields.height.0 == 0 {
            return Err(Refusal::new(RefusalCode::BodyMalformed, "height", "1 or more"));
        }
        Ok(fields)
    }

    /// The block's name, which consensus votes on: SHA-256 of the header entry's bytes. The header binds the
    /// commands by their root, so equal names are equal blocks once [`Block::check_shape`] holds.
    pub fn id(&self) -> Digest {
        Digest::of(self.header.bytes())
    }

    /// Checks that the header is one, and counts and binds exactly these commands, none of them a header.
    ///
    /// # Errors
    /// The first of `Header`, `TooManyCommands`, `CountDiffers`, `HeaderAsCommand`, `RootDiffers`.
    pub fn check_shape(&self) -> Result<(), BlockError> {
        let fields = self.header_fields().map_err(BlockError::Header)?;
        let found = self.commands.len();
        if found > BLOCK_COMMANDS_MAX {
            return Err(BlockError::TooManyCommands);
        }
        let stated = fields.command_count;
        if u32::try_from(found) != Ok(stated) {
            return Err(BlockError::CountDiffers { stated, found });
        }
        let is_header = |command: &Entry| command.claims().entry_type == BLOCK_HEADER_TYPE;
        if let Some(position) = self.commands.iter().position(is_header) {
            return Err(BlockError::HeaderAsCommand { position });
        }
        if fields.commands_root != commands_root(&self.commands) {
            return Err(BlockError::RootDiffers);
        }
        Ok(())
    }

    /// What the block appends to the ledger: the header's leaf, then the commands'.
    pub fn leaf_hashes(&self) -> impl Iterator<Item = Hash> + '_ {
        self.entries().map(Entry::leaf_hash)
    }

    /// The header, then the commands.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.header).chain(&self.commands)
    }

    /// The block as an entry bundle.
    pub fn encode(&self) -> Vec<u8> {
        encode_bundle(self.entries())
    }

    /// Reads a block and checks its shape.
    ///
    /// # Errors
    /// `TooLarge`, `Bundle`, `HeaderMissing`, then as [`Block::check_shape`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        if bytes.len() > BLOCK_BYTES_MAX {
            return Err(BlockError::TooLarge);
        }
        let mut entries =
            parse_bundle(bytes, BLOCK_COMMANDS_MAX + 1).map_err(BlockError::Bundle)?.into_iter();
        let header = entries.next().ok_or(BlockError::HeaderMissing)?;
        let block = Self { header, commands: entries.collect() };
        block.check_shape().map(|()| block)
    }

    fn byte_count(&self) -> usize {
        self.entries().map(|entry| 2 + entry.bytes().len()).sum()
    }
}

fn body_malformed(error: &serde_json::Error) -> Refusal {
    Refusal::new(RefusalCode::BodyMalformed, "", error.to_string())
}
