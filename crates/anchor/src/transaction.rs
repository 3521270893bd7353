//! A transaction with a priority fee, as it is signed and sent (EIP-1559; EIP-2718 type 2).

use crate::{AnchorError, AnchorKey};
use alloy_primitives::{B256, Bytes, Signature, TxKind, U256, keccak256};
use alloy_rlp::{Encodable, Header};

/// Its first byte.
const TYPE: u8 = 2;

/// A call or a creation that moves no money and has no access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// Which chain (EIP-155).
    pub(crate) chain_id: u64,
    /// Its number among those of the account.
    pub(crate) nonce: u64,
    /// What it pays the block's maker at most, wei for a unit of gas.
    pub(crate) priority_fee: u128,
    /// What it pays in all at most, wei for a unit of gas.
    pub(crate) fee: u128,
    /// Units of gas that it uses at most.
    pub(crate) gas: u64,
    /// The contract, or that it is to be created.
    pub(crate) to: TxKind,
    /// Call data, or the code that creates.
    pub(crate) input: Bytes,
}

impl Transaction {
    /// The bytes to send, signed by `key`.
    ///
    /// # Errors
    /// [`AnchorError::Signing`]; none in practice.
    pub(crate) fn signed(&self, key: &AnchorKey) -> Result<Bytes, AnchorError> {
        Ok(self.with(&key.signature(self.digest())?))
    }

    /// What is signed.
    fn digest(&self) -> B256 {
        keccak256(self.encoded(&[]))
    }

    /// The bytes to send.
    fn with(&self, signature: &Signature) -> Bytes {
        let parity = U256::from(u8::from(signature.v()));
        self.encoded(&[parity, signature.r(), signature.s()]).into()
    }

    /// Type and RLP list; `signature` is parity, r and s, or nothing.
    fn encoded(&self, signature: &[U256]) -> Vec<u8> {
        let value = U256::ZERO;
        // An access list without items.
        let access_list = Header { list: true, payload_length: 0 };
        let mut fields: Vec<&dyn Encodable> =
            vec![&self.chain_id, &self.nonce, &self.priority_fee, &self.fee, &self.gas];
        fields.extend([&self.to as &dyn Encodable, &value, &self.input]);
        let mut payload = Vec::new();
        fields.into_iter().for_each(|field| field.encode(&mut payload));
        access_list.encode(&mut payload);
        signature.iter().for_each(|number| number.encode(&mut payload));
        let mut encoded = vec![TYPE];
        Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
        encoded.extend(payload);
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, address, b256, hex};

    /// A call that stands on Ethereum, with its signature: its hash and its sender can be looked up there.
    #[test]
    fn a_transaction_of_ethereum_has_the_hash_and_the_sender_that_it_has_there() {
        let input = hex!(
            "a22cb4650000000000000000000000005eee75727d804a2b13038928d36f8b188945a57a"
            "0000000000000000000000000000000000000000000000000000000000000000"
        );
        let transaction = Transaction {
            chain_id: 1,
            nonce: 66,
            priority_fee: 1_000_000_000,
            fee: 20_000_000_000,
            gas: 44_386,
            to: address!("6069a6c32cf691f5982febae4faf8a6f3ab2f0f6").into(),
            input: input.into(),
        };
        let signature = Signature::from_scalars_and_parity(
            b256!("840cfc572845f5786e702984c2a582528cad4b49b2a10b9db1be7fca90058565"),
            b256!("25e7109ceb98168d95b09b18bbf6b685130e0562f233877d492b94eee0c5b6d1"),
            false,
        );
        let sender = signature.recover_address_from_prehash(&transaction.digest()).unwrap();
        assert_eq!(sender, address!("dd6b8b3dc6b7ad97db52f08a275ff4483e024cea"));
        let hash = b256!("0ec0b6a2df4d87424e5f6ad2a654e27aaeb7dac20ae9e8385cc09087ad532ee0");
        assert_eq!(keccak256(transaction.with(&signature)), hash);
    }

    #[test]
    fn a_creation_has_an_empty_receiver() {
        let call = |to| Transaction {
            chain_id: 31_337,
            nonce: 0,
            priority_fee: 0,
            fee: 0,
            gas: 0,
            to,
            input: Bytes::new(),
        };
        let to = |to| call(to).encoded(&[]).len();
        assert_eq!(to(TxKind::Call(Address::ZERO)), to(TxKind::Create) + 20);
    }
}
