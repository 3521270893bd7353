//! What `merkle-tree-rs` 0.1 uses of `ethers` 1, under the same names: bytes, addresses, whole numbers, the ABI form of
//! a tuple, Keccak-256. The real crate is deprecated and brings 300 packages for these items; the workspace patches this
//! one in. docs/adr/0021-statement-tree.md says why and how it is judged. Use it through `databourse_anchor` only.
//!
//! Deliberately absent: everything else of `ethers`.

/// The ABI form of values (Solidity's contract ABI specification, "Formal Specification of the Encoding").
pub mod abi {
    use crate::types::{Address, U256};

    /// One value.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Token {
        /// `address`: 20 bytes, right in its word.
        Address(Address),
        /// `uint256`.
        Uint(U256),
        /// `string`: its place in the head; length and padded bytes in the tail.
        String(String),
    }

    /// The values as the arguments of a function: a word each, then the tails of the strings.
    pub fn encode(tokens: &[Token]) -> Vec<u8> {
        let mut head = Vec::new();
        let mut tail = Vec::new();
        for token in tokens {
            match token {
                Token::Address(address) => head.extend(address.into_word()),
                Token::Uint(value) => head.extend(value.0.to_be_bytes::<32>()),
                Token::String(text) => {
                    head.extend(word(tokens.len() * 32 + tail.len()));
                    tail.extend(word(text.len()));
                    tail.extend(text.as_bytes());
                    tail.resize(tail.len().next_multiple_of(32), 0);
                }
            }
        }
        [head, tail].concat()
    }

    fn word(number: usize) -> [u8; 32] {
        alloy_primitives::U256::from(number).to_be_bytes()
    }
}

/// Types.
pub mod types {
    pub use alloy_primitives::{Address, Bytes};

    /// A whole number of 256 bits.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct U256(pub(crate) alloy_primitives::U256);

    impl U256 {
        /// Reads decimal digits.
        ///
        /// # Errors
        /// Anything but digits, or 2^256 and above.
        pub fn from_dec_str(text: &str) -> Result<Self, String> {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err("expected decimal digits".to_owned());
            }
            alloy_primitives::U256::from_str_radix(text, 10).map(Self).map_err(|error| error.to_string())
        }
    }
}

/// Functions.
pub mod utils {
    pub use hex;

    /// Keccak-256, as Ethereum uses it.
    pub fn keccak256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
        alloy_primitives::keccak256(bytes).0
    }
}

#[cfg(test)]
mod tests {
    use super::{abi, types, utils};

    #[test]
    fn a_tuple_has_the_bytes_of_the_abi() {
        // A string, a number and an address: three words of head, two of tail.
        let address: types::Address = "0x00000000000000000000000000000000000000ff".parse().unwrap();
        let tokens = [
            abi::Token::String("abc".to_owned()),
            abi::Token::Uint(types::U256::from_dec_str("258").unwrap()),
            abi::Token::Address(address),
        ];
        let encoded = utils::hex::encode(abi::encode(&tokens));
        let words: Vec<&str> = (0..5).map(|at| encoded[at * 64..][..64].trim_matches('0')).collect();
        assert_eq!(words, ["6", "102", "ff", "3", "616263"]);
        assert_eq!(encoded.len(), 5 * 64);
    }

    #[test]
    fn a_number_is_digits_below_two_to_the_256() {
        let largest = types::U256(alloy_primitives::U256::MAX);
        assert_eq!(types::U256::from_dec_str(&alloy_primitives::U256::MAX.to_string()), Ok(largest));
        for bad in ["", "-1", "0x1", "1_0", " 1", &format!("{}0", alloy_primitives::U256::MAX)] {
            assert!(types::U256::from_dec_str(bad).is_err(), "{bad}");
        }
    }
}
