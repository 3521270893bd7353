//! Puts the parts of proposed blocks together again, in bounded memory whatever peers send.

use super::{First, Offer, PART_BYTES_MAX, Part, PeerId};
use bytes::{Bytes, BytesMut};
use databourse_ledger::BLOCK_BYTES_MAX;
use databourse_primitives::Height;
use std::collections::{BTreeMap, VecDeque};

/// The most blocks of one peer that are put together at a time; the oldest gives way.
const STREAMS_MAX: usize = 4;

/// The most bytes of one peer that are kept for blocks that are not complete: two of the longest.
const PEER_BYTES_MAX: usize = 2 * BLOCK_BYTES_MAX;

/// The parts that have come. Parts may come in any order, but all of a block's by the same peer.
#[derive(Debug, Default)]
pub(in super::super) struct Assembler {
    peers: BTreeMap<PeerId, VecDeque<Stream>>,
}

/// The parts of one block.
#[derive(Debug)]
struct Stream {
    id: Bytes,
    first: Option<(Offer, usize)>,
    parts: BTreeMap<u64, Bytes>,
}

impl Stream {
    fn byte_count(&self) -> usize {
        self.parts.values().map(Bytes::len).sum()
    }

    /// The block's bytes, once all are there.
    fn complete(&self) -> Option<(Offer, Bytes)> {
        let (offer, byte_count) = self.first.as_ref()?;
        let is_gapless = self.parts.keys().copied().eq(0..u64::try_from(self.parts.len()).ok()?);
        if !is_gapless || self.byte_count() != *byte_count {
            return None;
        }
        let bytes = match self.parts.get(&0) {
            Some(only) if self.parts.len() == 1 => only.clone(),
            _ => self
                .parts
                .values()
                .fold(BytesMut::with_capacity(*byte_count), |mut all, part| {
                    all.extend_from_slice(part);
                    all
                })
                .freeze(),
        };
        Some((offer.clone(), bytes))
    }
}

impl Assembler {
    /// Takes a part that `peer` sent under the stream's name and the part's number; the block if that completes it.
    pub(in super::super) fn insert(
        &mut self,
        peer: PeerId,
        stream_id: Bytes,
        number: u64,
        part: Part,
    ) -> Option<(Offer, Bytes)> {
        let (first, bytes) = match part {
            Part::First(First { offer, byte_count, bytes })
                if number == 0 && byte_count <= BLOCK_BYTES_MAX =>
            {
                (Some((offer, byte_count)), bytes)
            }
            Part::More(bytes) if (1..part_count_max()).contains(&number) => (None, bytes),
            _ => return None,
        };
        if bytes.len() > PART_BYTES_MAX {
            return None;
        }
        let streams = self.peers.entry(peer).or_default();
        let place = match streams.iter().position(|stream| stream.id == stream_id) {
            Some(place) => place,
            None => {
                if streams.len() == STREAMS_MAX {
                    streams.pop_front();
                }
                streams.push_back(Stream { id: stream_id, first: None, parts: BTreeMap::new() });
                streams.len() - 1
            }
        };
        let stream = streams.get_mut(place)?;
        stream.first = first.or_else(|| stream.first.take());
        stream.parts.insert(number, bytes);
        let complete = stream.complete();
        if complete.is_some() {
            streams.remove(place);
        }
        while streams.iter().map(Stream::byte_count).sum::<usize>() > PEER_BYTES_MAX {
            streams.pop_front();
        }
        complete
    }

    /// Forgets what belongs to heights below `height`.
    pub(in super::super) fn forget_below(&mut self, height: Height) {
        for streams in self.peers.values_mut() {
            streams.retain(|stream| stream.first.as_ref().is_none_or(|(offer, _)| offer.height >= height));
        }
        self.peers.retain(|_, streams| !streams.is_empty());
    }
}

fn part_count_max() -> u64 {
    u64::try_from(BLOCK_BYTES_MAX.div_ceil(PART_BYTES_MAX)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::malachite::signing::Signature;
    use databourse_primitives::Digest;
    use proptest::prelude::*;

    fn offer(height: u64, name: &[u8]) -> Offer {
        Offer {
            height: Height(height),
            round: 0,
            valid_round: None,
            proposer: "sh".parse().unwrap(),
            block_id: Digest::of(name),
            signature: Signature([0; 64]),
        }
    }

    fn peer(seed: u8) -> PeerId {
        crate::malachite::config::peer_of(&[seed; 32]).unwrap()
    }

    fn send(
        assembler: &mut Assembler,
        from: u8,
        offer: &Offer,
        block: &Bytes,
        order: &[usize],
    ) -> Option<Bytes> {
        let parts = offer.parts(block);
        let mut found = None;
        for place in order {
            let message = parts[*place].clone();
            let part = message.content.into_data().unwrap();
            let done = assembler.insert(peer(from), message.stream_id.to_bytes(), message.sequence, part);
            if let Some((of, bytes)) = done {
                assert_eq!(of, *offer);
                found = Some(bytes);
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_block_comes_together_whatever_the_order_of_its_parts(
            byte_count in 0..5 * PART_BYTES_MAX, shift in 0usize..5,
        ) {
            let block: Bytes = (0..byte_count).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
            let offer = offer(1, b"block");
            let mut order: Vec<_> = (0..offer.parts(&block).len()).collect();
            let middle = shift % order.len();
            order.rotate_left(middle);
            let mut assembler = Assembler::default();
            prop_assert_eq!(send(&mut assembler, 1, &offer, &block, &order), Some(block));
            prop_assert!(assembler.peers.values().all(VecDeque::is_empty));
        }
    }

    #[test]
    fn a_part_is_missing_a_part_of_another_peer_does_not_help() {
        let block = Bytes::from(vec![7; 2 * PART_BYTES_MAX + 1]);
        let offer = offer(1, b"block");
        let mut assembler = Assembler::default();
        assert_eq!(send(&mut assembler, 1, &offer, &block, &[0, 2]), None);
        assert_eq!(send(&mut assembler, 2, &offer, &block, &[1]), None);
        assert_eq!(send(&mut assembler, 1, &offer, &block, &[1]), Some(block));
    }

    #[test]
    fn a_peer_that_never_finishes_fills_a_bounded_place_and_only_its_own() {
        let block = Bytes::from(vec![7; BLOCK_BYTES_MAX]);
        let mut assembler = Assembler::default();
        let honest = Bytes::from(vec![1; PART_BYTES_MAX + 1]);
        assert_eq!(send(&mut assembler, 9, &offer(1, b"honest"), &honest, &[0]), None);
        for name in 0..20u8 {
            send(&mut assembler, 1, &offer(1, &[name]), &block, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        }
        let streams = &assembler.peers[&peer(1)];
        assert!(streams.len() <= STREAMS_MAX);
        assert!(streams.iter().map(Stream::byte_count).sum::<usize>() <= PEER_BYTES_MAX);
        assert_eq!(send(&mut assembler, 9, &offer(1, b"honest"), &honest, &[1]), Some(honest));
    }

    #[test]
    fn heights_that_are_over_are_forgotten() {
        let block = Bytes::from(vec![7; PART_BYTES_MAX + 1]);
        let mut assembler = Assembler::default();
        send(&mut assembler, 1, &offer(4, b"old"), &block, &[0]);
        send(&mut assembler, 1, &offer(5, b"new"), &block, &[0]);
        assembler.forget_below(Height(5));
        assert_eq!(send(&mut assembler, 1, &offer(4, b"old"), &block, &[1]), None);
        assert_eq!(send(&mut assembler, 1, &offer(5, b"new"), &block, &[1]), Some(block));
    }
}
