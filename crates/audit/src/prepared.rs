//! What can be done with an entry before anything is known of the ledger before it: hash it, read it, and check its
//! signature with the key that its `kid` names.
//!
//! It is most of the work of an audit and needs no order, so a caller with several processors does it on all of them and
//! hands the results to [`crate::Auditor::take`] one after the other. Nothing is decided here: a `kid` is the hash of
//! its key, so a signature holds under that key or never. Whether the key may sign is for the auditor to say.

use databourse_ledger::{BLOCK_HEADER_TYPE, Block, BlockHeader, Entry, PreparedKey};
use databourse_market::{Decoded, SignedCommand};
use databourse_merkle::Hash;
use databourse_primitives::{KeyId, PublicKey, Refusal};

/// An entry that was read.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) leaf_hash: Hash,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Unreadable(Refusal),
    /// With the key under which its signature was found to hold.
    Header {
        entry: Entry,
        fields: Result<BlockHeader, Refusal>,
        verified: Option<PublicKey>,
    },
    Command {
        entry: Entry,
        step: Step,
    },
}

/// How far a command has come.
#[derive(Debug)]
pub(crate) enum Step {
    Undecodable(Refusal),
    Decoded(Box<Decoded>),
    Signed(SignedCommand),
    /// The signature does not hold under the key that `kid` names.
    Forged(Refusal),
}

impl Prepared {
    /// Hashes and reads an entry.
    pub fn read(bytes: &[u8]) -> Self {
        let entry = match Entry::parse(bytes) {
            Ok(entry) => entry,
            Err(refusal) => {
                let leaf_hash = databourse_merkle::leaf_hash(bytes);
                return Self { leaf_hash, content: Content::Unreadable(refusal) };
            }
        };
        let leaf_hash = entry.leaf_hash();
        let content = if entry.claims().entry_type == BLOCK_HEADER_TYPE {
            let fields = Block { header: entry.clone(), commands: Vec::new() }.header_fields();
            Content::Header { entry, fields, verified: None }
        } else {
            let decoded = Decoded::new(entry.clone());
            let step = decoded.map_or_else(Step::Undecodable, |decoded| Step::Decoded(Box::new(decoded)));
            Content::Command { entry, step }
        };
        Self { leaf_hash, content }
    }

    /// The name of the key that signed it, while that was not checked.
    pub fn unchecked_kid(&self) -> Option<KeyId> {
        match &self.content {
            Content::Header { entry, verified: None, .. } => Some(entry.kid()),
            Content::Command { entry, step: Step::Decoded(_) } => Some(entry.kid()),
            _ => None,
        }
    }

    /// The keys that the entry registers if it is accepted: candidates for the check of entries after it.
    pub fn registered_keys(&self) -> impl Iterator<Item = PublicKey> {
        let command = match &self.content {
            Content::Command { step: Step::Decoded(decoded), .. } => Some(decoded.command()),
            Content::Command { step: Step::Signed(signed), .. } => Some(signed.command()),
            _ => None,
        };
        command.into_iter().flat_map(databourse_market::Command::registered_keys)
    }

    /// Checks the signature with `key`, if that is the key which the entry names.
    #[must_use]
    pub fn checked(self, key: &PreparedKey) -> Self {
        if self.unchecked_kid() != Some(key.key_id()) {
            return self;
        }
        let Self { leaf_hash, content } = self;
        let content = match content {
            Content::Header { entry, fields, .. } => {
                let verified = entry.verify_with(key).is_ok().then(|| key.public_key());
                Content::Header { entry, fields, verified }
            }
            Content::Command { entry, step: Step::Decoded(decoded) } => {
                let step = decoded.verify_with(key).map_or_else(Step::Forged, Step::Signed);
                Content::Command { entry, step }
            }
            other => other,
        };
        Self { leaf_hash, content }
    }
}
