//! The messages.

mod sync;
#[cfg(test)]
mod tests;

use super::{
    BinaryCodec, CodecError, Wire, decode, encode, fail, read_bytes, read_list, read_u8, read_u32, read_u64,
    write_bytes, write_list,
};
use crate::malachite::{
    context::{Address, Agreement, BlockHeight, BlockId, Proposal, Vote},
    gossip::{BUNDLE_MESSAGES_MAX, GOSSIP_BYTES_MAX},
    parts::{First, Offer, PART_BYTES_MAX, Part, Progress},
    signing::Signature,
};
use arc_malachitebft_app_channel::app::{
    consensus::LivenessMsg,
    engine::util::streaming::StreamContent,
    types::{
        ProposedValue, SignedConsensusMsg,
        codec::Codec,
        core::{
            NilOrVal, PolkaCertificate, Round, RoundCertificate, RoundCertificateType, SignedMessage,
            ValidatorProof, Validity, VoteType,
        },
        streaming::{StreamId, StreamMessage},
    },
};
use bytes::Bytes;
use databourse_ledger::BLOCK_BYTES_MAX;
use databourse_primitives::{Digest, ExchangeCode, Height};

/// The most signatures of a certificate, two by each of as many exchanges as a region may have.
const SIGNATURES_MAX: u16 = 512;

/// [`BUNDLE_MESSAGES_MAX`] as it is written.
const GOSSIP_MESSAGES_MAX: u16 = BUNDLE_MESSAGES_MAX as u16;

/// The longest public key and the longest peer id in a proof.
const PROOF_BYTES_MAX: usize = 64;

/// The longest name of a stream.
const STREAM_BYTES_MAX: usize = 32;

impl Wire for Vote {
    fn write(&self, out: &mut Vec<u8>) {
        self.kind.write(out);
        self.height.write(out);
        self.round.write(out);
        self.block_id.write(out);
        self.voter.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            kind: VoteType::read(input)?,
            height: BlockHeight::read(input)?,
            round: Round::read(input)?,
            block_id: NilOrVal::read(input)?,
            voter: Address::read(input)?,
        })
    }
}

impl Wire for Proposal {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        self.block_id.write(out);
        self.valid_round.write(out);
        self.proposer.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            height: BlockHeight::read(input)?,
            round: Round::read(input)?,
            block_id: BlockId::read(input)?,
            valid_round: Round::read(input)?,
            proposer: Address::read(input)?,
        })
    }
}

impl<T: Wire> Wire for SignedMessage<Agreement, T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.message.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self { message: T::read(input)?, signature: Signature::read(input)? })
    }
}

impl Wire for SignedConsensusMsg<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Vote(vote) => {
                out.push(1);
                vote.write(out);
            }
            Self::Proposal(proposal) => {
                out.push(2);
                proposal.write(out);
            }
        }
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        match read_u8(input)? {
            1 => SignedMessage::read(input).map(Self::Vote),
            2 => SignedMessage::read(input).map(Self::Proposal),
            _ => fail("a vote or a proposal"),
        }
    }
}

impl Wire for PolkaCertificate<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        self.value_id.write(out);
        write_list(out, &self.polka_signatures);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            height: BlockHeight::read(input)?,
            round: Round::read(input)?,
            value_id: Digest::read(input)?,
            polka_signatures: read_list(input, SIGNATURES_MAX)?,
        })
    }
}

impl Wire for RoundCertificate<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        (self.cert_type == RoundCertificateType::Precommit).write(out);
        write_list(out, &self.round_signatures);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let (height, round) = (BlockHeight::read(input)?, Round::read(input)?);
        let cert_type =
            if bool::read(input)? { RoundCertificateType::Precommit } else { RoundCertificateType::Skip };
        Ok(Self { height, round, cert_type, round_signatures: read_list(input, SIGNATURES_MAX)? })
    }
}

impl Wire for LivenessMsg<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Vote(vote) => {
                out.push(1);
                vote.write(out);
            }
            Self::PolkaCertificate(certificate) => {
                out.push(2);
                certificate.write(out);
            }
            Self::SkipRoundCertificate(certificate) => {
                out.push(3);
                certificate.write(out);
            }
        }
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        match read_u8(input)? {
            1 => SignedMessage::read(input).map(Self::Vote),
            2 => PolkaCertificate::read(input).map(Self::PolkaCertificate),
            3 => RoundCertificate::read(input).map(Self::SkipRoundCertificate),
            _ => fail("a vote or a certificate"),
        }
    }
}

impl Wire for ProposedValue<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        self.valid_round.write(out);
        self.proposer.write(out);
        self.value.write(out);
        self.validity.is_valid().write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            height: BlockHeight::read(input)?,
            round: Round::read(input)?,
            valid_round: Round::read(input)?,
            proposer: Address::read(input)?,
            value: BlockId::read(input)?,
            validity: Validity::from_bool(bool::read(input)?),
        })
    }
}

impl Wire for ValidatorProof<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, &self.public_key);
        write_bytes(out, &self.peer_id);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let public_key = read_bytes(input, PROOF_BYTES_MAX)?.to_vec();
        let peer_id = read_bytes(input, PROOF_BYTES_MAX)?.to_vec();
        Ok(Self { public_key, peer_id, signature: Signature::read(input)? })
    }
}

impl Wire for Offer {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        Round::new(self.round).write(out);
        Round::from(self.valid_round).write(out);
        self.proposer.write(out);
        self.block_id.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let height = Height::read(input)?;
        let Some(round) = Round::read(input)?.as_u32() else { return fail("a round") };
        Ok(Self {
            height,
            round,
            valid_round: Round::read(input)?.as_u32(),
            proposer: ExchangeCode::read(input)?,
            block_id: Digest::read(input)?,
            signature: Signature::read(input)?,
        })
    }
}

/// A message that the engine only carries.
impl Wire for Bytes {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, self);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        read_bytes(input, GOSSIP_BYTES_MAX)
    }
}

impl Wire for Part {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Progress(progress) => {
                out.push(1);
                progress.height.write(out);
                progress.is_started.write(out);
            }
            Self::Gossip(bundle) => {
                out.push(2);
                write_list(out, bundle);
            }
            Self::First(First { offer, byte_count, bytes }) => {
                out.push(3);
                offer.write(out);
                out.extend(u32::try_from(*byte_count).unwrap_or(u32::MAX).to_be_bytes());
                write_bytes(out, bytes);
            }
            Self::More(bytes) => {
                out.push(4);
                write_bytes(out, bytes);
            }
        }
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(match read_u8(input)? {
            1 => Self::Progress(Progress { height: Height::read(input)?, is_started: bool::read(input)? }),
            2 => Self::Gossip(read_list(input, GOSSIP_MESSAGES_MAX)?),
            3 => {
                let offer = Offer::read(input)?;
                let byte_count =
                    usize::try_from(read_u32(input)?).ok().filter(|count| *count <= BLOCK_BYTES_MAX);
                let Some(byte_count) = byte_count else { return fail("a block of at most 16 MiB") };
                Self::First(First { offer, byte_count, bytes: read_bytes(input, PART_BYTES_MAX)? })
            }
            4 => Self::More(read_bytes(input, PART_BYTES_MAX)?),
            _ => return fail("a part"),
        })
    }
}

impl Wire for StreamMessage<Part> {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, &self.stream_id.to_bytes());
        out.extend(self.sequence.to_be_bytes());
        match &self.content {
            StreamContent::Data(part) => part.write(out),
            StreamContent::Fin => out.push(0),
        }
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let stream_id = StreamId::new(read_bytes(input, STREAM_BYTES_MAX)?);
        let sequence = read_u64(input)?;
        let content = if input.first() == Some(&0) {
            read_u8(input)?;
            StreamContent::Fin
        } else {
            StreamContent::Data(Part::read(input)?)
        };
        Ok(Self::new(stream_id, sequence, content))
    }
}

/// Gives the engine the binary form.
macro_rules! codec {
    ($($message:ty),+) => {$(
        impl Codec<$message> for BinaryCodec {
            type Error = CodecError;

            fn decode(&self, bytes: Bytes) -> Result<$message, CodecError> {
                decode(bytes)
            }

            fn encode(&self, message: &$message) -> Result<Bytes, CodecError> {
                Ok(encode(message))
            }
        }
    )+};
}
use codec;

codec!(
    Part,
    StreamMessage<Part>,
    SignedConsensusMsg<Agreement>,
    LivenessMsg<Agreement>,
    ValidatorProof<Agreement>,
    ProposedValue<Agreement>,
    PolkaCertificate<Agreement>
);
