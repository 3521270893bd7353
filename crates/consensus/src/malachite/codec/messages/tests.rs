//! One value has one form, and no bytes make the reader panic or reserve room.

use super::*;
use arc_malachitebft_app_channel::app::types::{
    codec::HasEncodedLen,
    core::{ExtendedCommitCertificate, ExtendedCommitSignature, PolkaSignature, RoundSignature},
    sync::{RawDecidedValue, Request, Response, Status},
};
use arc_malachitebft_sync::{ValueRequest, ValueResponse};
use proptest::{collection::vec, prelude::*};

fn address() -> impl Strategy<Value = Address> {
    "[a-z][a-z0-9]{1,7}".prop_map(|code| Address(code.parse().unwrap()))
}

fn height() -> impl Strategy<Value = BlockHeight> {
    prop_oneof![Just(0), Just(u64::MAX), any::<u64>()].prop_map(BlockHeight)
}

fn round() -> impl Strategy<Value = Round> {
    prop_oneof![Just(Round::Nil), (0u32..=1 << 20).prop_map(Round::Some)]
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(|bytes| Signature(bytes.try_into().unwrap()))
}

fn block_or_none() -> impl Strategy<Value = NilOrVal<Digest>> {
    prop_oneof![Just(NilOrVal::Nil), digest().prop_map(NilOrVal::Val)]
}

fn kind() -> impl Strategy<Value = VoteType> {
    prop_oneof![Just(VoteType::Prevote), Just(VoteType::Precommit)]
}

fn vote() -> impl Strategy<Value = SignedMessage<Agreement, Vote>> {
    (kind(), height(), round(), block_or_none(), address(), signature()).prop_map(
        |(kind, height, round, block_id, voter, signature)| {
            SignedMessage::new(Vote { kind, height, round, block_id, voter }, signature)
        },
    )
}

fn proposal() -> impl Strategy<Value = SignedMessage<Agreement, Proposal>> {
    (height(), round(), digest(), round(), address(), signature()).prop_map(
        |(height, round, id, valid_round, proposer, signature)| {
            let proposal = Proposal { height, round, block_id: BlockId(id), valid_round, proposer };
            SignedMessage::new(proposal, signature)
        },
    )
}

fn polka() -> impl Strategy<Value = PolkaCertificate<Agreement>> {
    (height(), round(), digest(), vec((address(), signature()), 0..5)).prop_map(
        |(height, round, value_id, signatures)| PolkaCertificate {
            height,
            round,
            value_id,
            polka_signatures: signatures
                .into_iter()
                .map(|(who, what)| PolkaSignature::new(who, what))
                .collect(),
        },
    )
}

fn round_certificate() -> impl Strategy<Value = RoundCertificate<Agreement>> {
    let signatures = vec((kind(), block_or_none(), address(), signature()), 0..5);
    (height(), round(), any::<bool>(), signatures).prop_map(|(height, round, precommit, signatures)| {
        let signatures = signatures.into_iter();
        RoundCertificate {
            height,
            round,
            cert_type: if precommit { RoundCertificateType::Precommit } else { RoundCertificateType::Skip },
            round_signatures: signatures
                .map(|(kind, id, who, what)| RoundSignature::new(kind, id, who, what))
                .collect(),
        }
    })
}

fn part() -> impl Strategy<Value = Part> {
    let bytes = || vec(any::<u8>(), 0..50).prop_map(Bytes::from);
    let offer = (any::<u64>(), 0u32..9, proptest::option::of(0u32..9), address(), digest(), signature())
        .prop_map(|(height, round, valid_round, proposer, block_id, signature)| Offer {
            height: Height(height),
            round,
            valid_round,
            proposer: proposer.0,
            block_id,
            signature,
        });
    prop_oneof![
        (any::<u64>(), any::<bool>())
            .prop_map(|(height, is_started)| Part::Progress(Progress { height: Height(height), is_started })),
        vec(bytes(), 0..4).prop_map(Part::Gossip),
        (offer, 0..=BLOCK_BYTES_MAX, bytes()).prop_map(|(offer, byte_count, bytes)| Part::First(First {
            offer,
            byte_count,
            bytes
        })),
        bytes().prop_map(Part::More),
    ]
}

fn response() -> impl Strategy<Value = Response<Agreement>> {
    let certificate = (height(), round(), digest(), vec((address(), signature()), 0..5)).prop_map(
        |(height, round, value_id, signatures)| ExtendedCommitCertificate {
            height,
            round,
            value_id,
            commit_signatures: signatures
                .into_iter()
                .map(|(who, what)| ExtendedCommitSignature::new(who, what, None))
                .collect(),
        },
    );
    let value = (vec(any::<u8>(), 0..50), certificate)
        .prop_map(|(bytes, certificate)| RawDecidedValue::new(bytes.into(), certificate));
    (height(), vec(value, 0..4))
        .prop_map(|(start, values)| Response::ValueResponse(ValueResponse::new(start, values)))
}

#[track_caller]
fn check<T: Wire + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = encode(value);
    assert_eq!(decode::<T>(bytes.clone()).as_ref(), Ok(value));
    let longer = [bytes.as_ref(), &[0]].concat();
    assert!(decode::<T>(longer.into()).is_err(), "nothing may follow");
    let shorter = bytes.slice(..bytes.len() - 1);
    assert!(decode::<T>(shorter).is_err(), "nothing may be missing");
}

/// What reads is written as it was.
fn check_bytes<T: Wire>(bytes: &Bytes) {
    if let Ok(value) = decode::<T>(bytes.clone()) {
        assert_eq!(encode(&value), bytes);
    }
}

fn check_all(bytes: &Bytes) {
    check_bytes::<StreamMessage<Part>>(bytes);
    check_bytes::<Part>(bytes);
    check_bytes::<SignedConsensusMsg<Agreement>>(bytes);
    check_bytes::<LivenessMsg<Agreement>>(bytes);
    check_bytes::<ValidatorProof<Agreement>>(bytes);
    check_bytes::<ProposedValue<Agreement>>(bytes);
    check_bytes::<PolkaCertificate<Agreement>>(bytes);
    check_bytes::<Status<Agreement>>(bytes);
    check_bytes::<Request<Agreement>>(bytes);
    check_bytes::<Response<Agreement>>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_of_the_agreement_read_as_they_were_written(
        vote in vote(), proposal in proposal(), polka in polka(), certificate in round_certificate(),
    ) {
        check(&SignedConsensusMsg::Vote(vote.clone()));
        check(&SignedConsensusMsg::Proposal(proposal));
        check(&polka);
        check(&LivenessMsg::Vote(vote));
        check(&LivenessMsg::PolkaCertificate(polka));
        check(&LivenessMsg::SkipRoundCertificate(certificate));
    }

    #[test]
    fn parts_read_as_they_were_written(part in part(), stream in vec(any::<u8>(), 0..=32), number: u64) {
        check(&part);
        let stream = StreamId::new(stream.into());
        check(&StreamMessage::new(stream.clone(), number, StreamContent::Data(part)));
        check(&StreamMessage::<Part>::new(stream, number, StreamContent::Fin));
    }

    #[test]
    fn messages_of_catching_up_and_of_the_log_read_as_they_were_written(
        heights in (height(), height()), rounds in (round(), round()), who in address(), id in digest(), valid: bool,
        response in response(), seed: [u8; 32], sign in signature(),
    ) {
        check(&response);
        prop_assert_eq!(BinaryCodec.encoded_len(&response), Ok(encode(&response).len()));
        check(&Request::<Agreement>::ValueRequest(ValueRequest::new(heights.0..=heights.1)));
        let peer_id = crate::malachite::config::peer_of(&seed).unwrap();
        check(&Status::<Agreement> { peer_id, tip_height: heights.0, history_min_height: heights.1 });
        check(&ValidatorProof::<Agreement>::new(seed.to_vec(), peer_id.to_bytes(), sign));
        check(&ProposedValue::<Agreement> {
            height: heights.0,
            round: rounds.0,
            valid_round: rounds.1,
            proposer: who,
            value: BlockId(id),
            validity: Validity::from_bool(valid),
        });
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        check_all(&bytes.into());
    }

    #[test]
    fn no_change_of_a_message_makes_a_reader_panic(
        response in response(), part in part(), vote in vote(), place: prop::sample::Index, byte: u8,
    ) {
        let stream = StreamMessage::new(StreamId::new(Bytes::new()), 0, StreamContent::Data(part));
        for bytes in [encode(&response), encode(&stream), encode(&LivenessMsg::Vote(vote))] {
            let mut bytes = bytes.to_vec();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            check_all(&bytes.into());
        }
    }
}

#[test]
fn lengths_that_promise_more_than_is_allowed_are_refused() {
    for count in [PART_BYTES_MAX as u32 + 1, u32::MAX] {
        let bytes = [&[4][..], &count.to_be_bytes(), &[0; 64]].concat();
        assert_eq!(decode::<Part>(bytes.into()), fail("fewer bytes"));
    }
    let vote = Vote {
        kind: VoteType::Prevote,
        height: BlockHeight(1),
        round: Round::Some((1 << 20) + 1),
        block_id: NilOrVal::Nil,
        voter: Address("sh".parse().unwrap()),
    };
    assert_eq!(decode::<Vote>(encode(&vote)), fail("a round"));
}
