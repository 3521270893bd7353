//! Keys on secp256k1: one an exchange, with which it signs anchors, and one that pays for transactions.

use crate::AnchorError;
use alloy_primitives::{Address, B256, Bytes, Signature};
use k256::ecdsa::SigningKey;
use std::fmt;
use zeroize::Zeroizing;

/// A private key; its text is 64 hexadecimal digits, as wallets of Ethereum read and write it.
pub struct AnchorKey {
    key: SigningKey,
    address: Address,
}

impl AnchorKey {
    /// A key from 32 random bytes. `None` if they are no key, which does not happen by chance: zero, or not below the
    /// order of the group.
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(seed).ok()?;
        Some(Self { address: Address::from_private_key(&key), key })
    }

    /// Reads the text form; lines that begin with `#`, a leading `0x` and space around it are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(line.strip_prefix("0x").unwrap_or(line), &mut seed[..]).ok()?;
        Self::from_seed(&seed)
    }

    /// The text form, for the file that keeps it.
    pub fn secret_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(Zeroizing::new(self.key.to_bytes().to_vec())))
    }

    /// What the contracts know it by.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a digest: r, s and v, 65 bytes.
    ///
    /// # Errors
    /// [`AnchorError::Signing`]; none in practice.
    pub fn sign(&self, digest: B256) -> Result<Bytes, AnchorError> {
        Ok(Bytes::from(self.signature(digest)?.as_bytes()))
    }

    /// The smaller s of the two that would do (EIP-2).
    pub(crate) fn signature(&self, digest: B256) -> Result<Signature, AnchorError> {
        let signed = self.key.sign_prehash_recoverable(digest.as_slice());
        signed.map(Signature::from).map_err(|error| AnchorError::Signing(error.to_string()))
    }
}

impl fmt::Debug for AnchorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnchorKey({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EIP-155 and EIP-712 sign with `keccak256("cow")`, whose address is in their texts.
    const COW: &str = "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4";

    #[test]
    fn a_key_is_known_by_its_address_and_shows_nothing_else() {
        let key = AnchorKey::parse(&format!("# a comment\n 0x{COW} \n")).unwrap();
        assert_eq!(key.address().to_string(), "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
        assert_eq!(format!("{key:?}"), "AnchorKey(0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826)");
        assert_eq!(key.secret_text().as_str(), COW);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let zero = "0".repeat(64);
        let beyond = "f".repeat(64);
        for bad in ["", "# only a comment", &COW[1..], &zero, &beyond, "not hexadecimal"] {
            assert!(AnchorKey::parse(bad).is_none(), "{bad}");
        }
    }
}
