//! Files that are damaged at random: none makes us panic, and no amount changes unseen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod sample;

use databourse_rails::Rail;
use proptest::{prelude::*, sample::Index};
use sample::{
    read::{FILES, read_anyhow, read_own},
    *,
};

#[test]
fn every_byte_can_be_lost_or_another() {
    for name in FILES {
        let bytes = read_vector(name);
        for (place, other) in (0..bytes.len()).zip([b'<', b'"', b'0', b'\n', 0, 0xff].into_iter().cycle()) {
            let mut damaged = bytes.clone();
            damaged[place] = other;
            let _ = read_own(name, &damaged);
            damaged.remove(place);
            let _ = read_own(name, &damaged);
        }
    }
}

proptest! {
    #[test]
    fn damaged_files_never_panic(
        name in prop::sample::select(&FILES),
        edits in prop::collection::vec((any::<Index>(), any::<Index>(), prop::collection::vec(any::<u8>(), 0..6)), 1..5),
    ) {
        let mut bytes = read_vector(name);
        for (from, to, put) in edits {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            // Short and long cuts alike.
            let to = if put.len() % 2 == 0 { from + put.len() / 2 } else { to };
            bytes.splice(from.min(to).min(bytes.len())..from.max(to).min(bytes.len()), put);
            if bytes.is_empty() { break; }
        }
        let _ = read_anyhow(name, &bytes);
    }

    #[test]
    fn parts_of_files_put_together_never_panic(
        name in prop::sample::select(&FILES),
        parts in prop::collection::vec((any::<Index>(), 1..8_usize), 1..40),
    ) {
        let text = String::from_utf8(read_vector(name)).unwrap();
        let pieces: Vec<&str> = text.split_inclusive(['<', '>', ',', '"', '\n']).collect();
        let mut all = pieces[..pieces.len() / 2].concat();
        for (from, count) in parts {
            let from = from.index(pieces.len());
            all.extend(pieces[from..].iter().take(count).copied());
        }
        let _ = read_anyhow(name, all.as_bytes());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read_anyhow("camt.053.xml", &bytes).is_err());
    }

    /// The sums guard the amounts: no digit of one can be another.
    #[test]
    fn no_amount_of_a_statement_can_change_alone(place in any::<Index>(), digit in 0..10_u8) {
        let text = with_report(ZJ_ACCOUNT, &lines(ZJ_ACCOUNT, SH_ACCOUNT), |report| {
            String::from_utf8(rail().camt053(report, OPENING_MINOR).unwrap()).unwrap()
        });
        let amounts = text.match_indices("<Amt").chain(text.match_indices("<Sum>"));
        let places: Vec<usize> = amounts.flat_map(|(at, _)| {
            let start = at + text[at..].find('>').unwrap() + 1;
            let end = start + text[start..].find('<').unwrap();
            (start..end).filter(|at| text.as_bytes()[*at] != b'.')
        }).collect();
        let mut bytes = text.into_bytes();
        let place = places[place.index(places.len())];
        let is_same = std::mem::replace(&mut bytes[place], b'0' + digit) == b'0' + digit;
        prop_assert_eq!(rail().read(&bytes).is_ok(), is_same);
    }
}
