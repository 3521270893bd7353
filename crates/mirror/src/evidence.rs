//! Two signed checkpoints that cannot both be true, as files that convince anybody who has the policy.

use crate::{LogError, VerifiedTree, files::write};
use databourse_ledger::{Checkpoint, SignedCheckpoint};
use databourse_merkle::TILE_WIDTH;
use databourse_primitives::LeafIndex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// What was found, and where it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The checkpoint that the mirror holds.
    pub held: SignedCheckpoint,
    /// The checkpoint that the source shows.
    pub shown: SignedCheckpoint,
    /// The first entry that is not the same under both, where the trees say so.
    pub first_difference: Option<LeafIndex>,
    /// The folder with the evidence.
    pub folder: PathBuf,
}

/// What stands in `reason.json`.
#[derive(Serialize)]
struct Reason<'a> {
    code: &'static str,
    held: Head<'a>,
    shown: Head<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_difference: Option<LeafIndex>,
}

#[derive(Serialize)]
struct Head<'a> {
    origin: &'a str,
    size: u64,
    root: String,
}

impl<'a> From<&'a Checkpoint> for Head<'a> {
    fn from(checkpoint: &'a Checkpoint) -> Self {
        let Checkpoint { origin, size, root } = checkpoint;
        Self { origin, size: size.0, root: root.to_string() }
    }
}

impl Evidence {
    /// `ledger.equivocated` for two roots of one size, else `ledger.rewritten`.
    pub const fn code(&self) -> &'static str {
        if self.held.checkpoint.size.0 == self.shown.checkpoint.size.0 {
            "ledger.equivocated"
        } else {
            "ledger.rewritten"
        }
    }

    /// Writes both checkpoints, the reason, and of both trees what shows the first difference into a folder of its own
    /// under `evidence`. The same evidence goes into the same folder.
    ///
    /// # Errors
    /// `File`.
    pub(crate) async fn write(
        mut self,
        root: &Path,
        trees: Option<(&VerifiedTree, &VerifiedTree)>,
    ) -> Result<Self, LogError> {
        let pair = format!("{}\n{}", self.held.checkpoint, self.shown.checkpoint);
        let name: String =
            Sha256::digest(pair.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.folder = root.join("evidence").join(format!("{}-{name}", self.shown.checkpoint.size));
        write(&self.folder.join("held.checkpoint"), self.held.to_string().as_bytes())?;
        write(&self.folder.join("shown.checkpoint"), self.shown.to_string().as_bytes())?;
        if let (Some(index), Some((held, shown))) = (self.first_difference, trees) {
            for (name, tree) in [("held", held), ("shown", shown)] {
                self.write_entry(name, tree, index).await?;
            }
        }
        let reason = Reason {
            code: self.code(),
            held: Head::from(&self.held.checkpoint),
            shown: Head::from(&self.shown.checkpoint),
            first_difference: self.first_difference,
        };
        let reason = serde_json::to_vec_pretty(&reason).unwrap_or_default();
        // Last: a folder with a reason is whole.
        write(&self.folder.join("reason.json"), &reason)?;
        Ok(self)
    }

    /// The entry at `index` under one of the checkpoints, with its proof. A source need not give it out.
    async fn write_entry(&self, name: &str, tree: &VerifiedTree, index: LeafIndex) -> Result<(), LogError> {
        if let Ok(receipt) = tree.receipt(index).await {
            write(&self.folder.join(format!("{name}.tlog-proof")), receipt.to_string().as_bytes())?;
        }
        let (bundle, position) = (index.0 / u64::from(TILE_WIDTH), index.0 % u64::from(TILE_WIDTH));
        if let Ok(bundle) = tree.bundle(bundle).await
            && let Some(entry) = bundle.entries().nth(usize::try_from(position).unwrap_or_default())
        {
            write(&self.folder.join(format!("{name}.jws")), entry)?;
        }
        Ok(())
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (held, shown) = (self.held.checkpoint.size, self.shown.checkpoint.size);
        write!(f, "the signed checkpoints of {held} and of {shown} entries cannot both be true")?;
        if let Some(index) = self.first_difference {
            write!(f, ": entry {index} differs")?;
        }
        write!(f, "; evidence in {}", self.folder.display())
    }
}
