//! Messages of catching up.

use super::{
    super::{
        BinaryCodec, CodecError, Wire, decode, encode, fail, read_bytes, read_list, read_u8, write_bytes,
        write_list,
    },
    SIGNATURES_MAX, codec,
};
use crate::malachite::{
    context::{Address, Agreement, BlockHeight},
    parts::PeerId,
    signing::Signature,
};
use arc_malachitebft_app_channel::app::types::{
    codec::{Codec, HasEncodedLen},
    core::{ExtendedCommitCertificate, ExtendedCommitSignature, Round},
    sync::{RawDecidedValue, Request, Response, Status},
};
use arc_malachitebft_sync::{ValueRequest, ValueResponse};
use bytes::Bytes;
use databourse_ledger::BLOCK_BYTES_MAX;
use databourse_primitives::Digest;

/// The most blocks in one answer.
const BLOCKS_MAX: u16 = 256;

impl Wire for Status<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.peer_id.write(out);
        self.tip_height.write(out);
        self.history_min_height.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            peer_id: PeerId::read(input)?,
            tip_height: BlockHeight::read(input)?,
            history_min_height: BlockHeight::read(input)?,
        })
    }
}

impl Wire for Request<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        let Self::ValueRequest(request) = self;
        out.push(1);
        request.range.start().write(out);
        request.range.end().write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        if read_u8(input)? != 1 {
            return fail("a request for blocks");
        }
        let (start, end) = (BlockHeight::read(input)?, BlockHeight::read(input)?);
        Ok(Self::ValueRequest(ValueRequest::new(start..=end)))
    }
}

/// Votes have no extensions, so none is written and none is read.
impl Wire for ExtendedCommitSignature<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.address.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self::new(Address::read(input)?, Signature::read(input)?, None))
    }
}

impl Wire for ExtendedCommitCertificate<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        self.value_id.write(out);
        write_list(out, &self.commit_signatures);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        Ok(Self {
            height: BlockHeight::read(input)?,
            round: Round::read(input)?,
            value_id: Digest::read(input)?,
            commit_signatures: read_list(input, SIGNATURES_MAX)?,
        })
    }
}

impl Wire for RawDecidedValue<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        self.certificate.write(out);
        write_bytes(out, &self.value_bytes);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        let certificate = ExtendedCommitCertificate::read(input)?;
        Ok(Self::new(read_bytes(input, BLOCK_BYTES_MAX)?, certificate))
    }
}

impl Wire for Response<Agreement> {
    fn write(&self, out: &mut Vec<u8>) {
        let Self::ValueResponse(response) = self;
        out.push(1);
        response.start_height.write(out);
        write_list(out, &response.values);
    }

    fn read(input: &mut Bytes) -> Result<Self, CodecError> {
        if read_u8(input)? != 1 {
            return fail("an answer of blocks");
        }
        let start = BlockHeight::read(input)?;
        Ok(Self::ValueResponse(ValueResponse::new(start, read_list(input, BLOCKS_MAX)?)))
    }
}

codec!(Status<Agreement>, Request<Agreement>, Response<Agreement>);

impl HasEncodedLen<Response<Agreement>> for BinaryCodec {
    /// Counts without copying the blocks.
    fn encoded_len(&self, response: &Response<Agreement>) -> Result<usize, CodecError> {
        let Response::ValueResponse(response) = response;
        let counted = response
            .values
            .iter()
            .map(|value| encode(&value.certificate).len() + 4 + value.value_bytes.len());
        Ok(1 + 8 + 2 + counted.sum::<usize>())
    }
}
