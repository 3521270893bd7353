//! What the other nodes are told of.

use super::*;
use crate::gossip::Message;
use databourse_ledger::{Claims, SigningKey};
use databourse_market::Decoded;
use serde_json::{json, value::RawValue};

fn command(number: u64) -> SignedCommand {
    let body = json!({
        "legal_name": { "en": "a" }, "legal_identifier": format!("ext:{number}"), "roles": ["buyer"],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
    });
    let claims = Claims {
        entry_type: "party.certify".to_owned(),
        id: format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap(),
        exchange: "sh".parse().unwrap(),
        issued_at_s: 1_767_574_800,
        on_behalf_of: None,
        body: RawValue::from_string(body.to_string()).unwrap(),
    };
    let key = SigningKey::from_seed([1; 32]);
    Decoded::new(Entry::sign(&claims, &key).unwrap()).unwrap().verify(&key.public_key()).unwrap()
}

/// How many commands the others were told of since the last call.
fn told(outgoing: &mut tokio::sync::mpsc::Receiver<Vec<u8>>) -> usize {
    let mut count = 0;
    while let Ok(bytes) = outgoing.try_recv() {
        match Message::parse(&bytes) {
            Some(Message::Commands(entries)) => count += entries.len(),
            other => panic!("{other:?}"),
        }
    }
    count
}

#[test]
fn the_others_are_told_again_of_what_an_author_still_waits_for() {
    let (outbox, mut outgoing) = Outbox::new(16);
    let pool = Pool::new(10, Some(outbox));
    pool.set_busy(true);
    let _authors = pool.push(vec![command(1), command(2)]).unwrap();
    pool.admit(vec![command(3)]);
    assert_eq!(told(&mut outgoing), 2, "what another node passed on is that node's to tell of");
    pool.remind();
    assert_eq!(told(&mut outgoing), 0, "it has not waited long");
    pool.remind();
    assert_eq!(told(&mut outgoing), 2);
    pool.take_entry(&command(1).entry().leaf_hash());
    pool.remind();
    assert_eq!(told(&mut outgoing), 1);
}
