//! Where the contracts of a ledger are: a file that the exchanges share. It holds no secret.

use crate::{AnchorError, log::AnchorLog};
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// Name of the file's form; another version has another name.
pub const ANCHOR_FILE_FORMAT: &str = "databourse-anchor@v1";

/// The contracts of one ledger on one chain, as `databourse anchor deploy` writes them down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorFile {
    /// [`ANCHOR_FILE_FORMAT`].
    pub format: String,
    /// Which chain (EIP-155).
    pub chain_id: u64,
    /// The account that deployed, from which the addresses follow.
    pub deployer: Address,
    /// Number of the deployer's first transaction for these contracts.
    pub nonce: u64,
    /// The first block in which something of them can stand; nothing before it is searched.
    pub from_block: u64,
    /// The contract that keeps checkpoints.
    pub checkpoint_anchor: Address,
    /// The contract that keeps roots of statements.
    pub statement_anchor: Address,
    /// The ledger.
    pub log: AnchorLog,
}

impl AnchorFile {
    /// The contracts that `deployer` creates with its transactions `nonce` and `nonce + 1`.
    pub fn planned(chain_id: u64, deployer: Address, nonce: u64, from_block: u64, log: AnchorLog) -> Self {
        Self {
            format: ANCHOR_FILE_FORMAT.to_owned(),
            chain_id,
            deployer,
            nonce,
            from_block,
            checkpoint_anchor: deployer.create(nonce),
            statement_anchor: deployer.create(nonce.saturating_add(1)),
            log,
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`AnchorError::File`]: not this form, or the addresses do not follow from deployer and nonce.
    pub fn parse(text: &str) -> Result<Self, AnchorError> {
        let malformed = |what: String| AnchorError::File(what);
        let file: Self = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if file.format != ANCHOR_FILE_FORMAT {
            return Err(malformed(format!("expected the format {ANCHOR_FILE_FORMAT}")));
        }
        let (deployer, nonce) = (file.deployer, file.nonce);
        let planned = Self::planned(file.chain_id, deployer, nonce, file.from_block, file.log.clone());
        if planned == file {
            Ok(file)
        } else {
            Err(malformed("the addresses do not follow from deployer and nonce".to_owned()))
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// None in practice.
    pub fn to_text(&self) -> Result<String, AnchorError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|error| AnchorError::File(error.to_string()))?;
        Ok(format!("{text}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeySet;

    #[test]
    fn a_file_is_read_as_it_was_written_and_not_otherwise() {
        let log = AnchorLog {
            origin: "databourse.example/yangtze".to_owned(),
            founding: KeySet::new(vec![Address::with_last_byte(1)], None).unwrap(),
        };
        // The worked example of many texts on CREATE: this account's first contract.
        let deployer = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0".parse().unwrap();
        let file = AnchorFile::planned(31_337, deployer, 0, 7, log);
        let address = file.checkpoint_anchor.to_string().to_lowercase();
        assert_eq!(address, "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
        let text = file.to_text().unwrap();
        assert_eq!(AnchorFile::parse(&text).unwrap(), file);
        let (there, other) =
            [file.statement_anchor, deployer.create(5)].map(|address| format!("{address:#x}")).into();
        assert!(text.contains(&there));
        for bad in [
            text.replace("@v1", "@v2"),
            text.replace("\"nonce\": 0", "\"nonce\": 1"),
            text.replace("\"quorum\": 1", "\"quorum\": 2"),
            text.replace(&there, &other),
            text.replace("chain_id", "chain"),
            "{}".to_owned(),
        ] {
            assert!(matches!(AnchorFile::parse(&bad), Err(AnchorError::File(_))), "{bad}");
        }
    }
}
