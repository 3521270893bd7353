//! The words that messages are made of.

use super::{CodecError, Wire, array, fail, read_u8, read_u32, read_u64, take};
use crate::malachite::{
    context::{Address, Agreement, BlockHeight, BlockId, ROUND_MAX},
    parts::PeerId,
    signing::Signature,
};
use arc_malachitebft_app_channel::app::types::core::{
    NilOrVal, PolkaSignature, Round, RoundSignature, VoteType,
};
use bytes::Bytes;
use databourse_primitives::{Digest, ExchangeCode, Height};

/// Stands for no round.
const ROUND_NONE: u32 = u32::MAX;

/// The longest libp2p name in bytes.
const PEER_BYTES_MAX: usize = 64;

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        match read_u8(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => fail("0 or 1"),
        }
    }
}

impl Wire for ExchangeCode {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.as_str().len()).unwrap_or(u8::MAX));
        out.extend(self.as_str().as_bytes());
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let count = usize::from(read_u8(input)?);
        let bytes = take(input, count)?;
        let code = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
        code.map_or_else(|| fail("an exchange code"), Ok)
    }
}

impl Wire for Address {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        ExchangeCode::read(input).map(Self)
    }
}

impl Wire for BlockHeight {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        read_u64(input).map(Self)
    }
}

impl Wire for Height {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        read_u64(input).map(Self)
    }
}

impl Wire for Round {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.as_u32().unwrap_or(ROUND_NONE).to_be_bytes());
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        match read_u32(input)? {
            ROUND_NONE => Ok(Self::Nil),
            round if round <= ROUND_MAX => Ok(Self::Some(round)),
            _ => fail("a round"),
        }
    }
}

impl Wire for Digest {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.as_bytes());
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        array(input).map(Self::from_bytes)
    }
}

impl Wire for BlockId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Digest::read(input).map(Self)
    }
}

impl Wire for NilOrVal<Digest> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nil => out.push(0),
            Self::Val(id) => {
                out.push(1);
                id.write(out);
            }
        }
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(if bool::read(input)? { Self::Val(Digest::read(input)?) } else { Self::Nil })
    }
}

impl Wire for Signature {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        array(input).map(Self)
    }
}

impl Wire for PeerId {
    fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.to_bytes();
        out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        out.extend(bytes);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let count = usize::from(read_u8(input)?);
        if count > PEER_BYTES_MAX {
            return fail("a peer id");
        }
        let bytes = take(input, count)?;
        Self::from_bytes(&bytes)
            .ok()
            .filter(|id| id.to_bytes() == bytes)
            .map_or_else(|| fail("a peer id"), Ok)
    }
}

impl Wire for VoteType {
    fn write(&self, out: &mut Vec<u8>) {
        (*self == Self::Precommit).write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(if bool::read(input)? { Self::Precommit } else { Self::Prevote })
    }
}

impl Wire for PolkaSignature<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.address.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self { address: Address::read(input)?, signature: Signature::read(input)? })
    }
}

impl Wire for RoundSignature<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.vote_type.write(out);
        self.value_id.write(out);
        self.address.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            vote_type: VoteType::read(input)?,
            value_id: NilOrVal::read(input)?,
            address: Address::read(input)?,
            signature: Signature::read(input)?,
        })
    }
}
