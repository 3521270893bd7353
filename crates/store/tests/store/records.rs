use crate::fixture::{Ledger, account, head, id, one_of_each};
use databourse_listing::Product;
use databourse_market::{Key, Noun, Record};
use std::collections::BTreeSet;

/// Commits `records`, loads them, and compares the JSON byte for byte.
async fn check_round_trip(ledger: &mut Ledger, records: Vec<Record>) {
    ledger.commit(records.clone()).await;
    let keys: BTreeSet<_> = records.iter().map(Record::key).collect();
    assert_eq!(keys.len(), records.len());
    let mut loaded = ledger.store.load(&keys).await.unwrap().into_iter();
    let mut records = records;
    records.sort_by_key(Record::key);
    for record in records {
        let (key, found) = loaded.next().unwrap();
        assert_eq!(key, record.key());
        assert_eq!(found.unwrap().to_json().unwrap(), record.to_json().unwrap(), "{key}");
    }
}

#[tokio::test]
async fn every_kind_of_record_comes_back_byte_for_byte() {
    let mut ledger = Ledger::create().await;
    let records = one_of_each();
    let kinds: BTreeSet<_> = records.iter().map(|record| record.key().noun).collect();
    assert_eq!(kinds.len(), Noun::ALL.len(), "a kind without a sample");
    check_round_trip(&mut ledger, records.clone()).await;
    // Over what is there already.
    check_round_trip(&mut ledger, records.clone()).await;
    let counts = ledger.store.counts().await.unwrap();
    for noun in Noun::ALL {
        let count = records.iter().filter(|record| record.key().noun == *noun).count();
        assert_eq!(counts[noun.as_str()], count as u64, "{noun:?}");
    }
    assert_eq!(counts["block.header"], 2);
}

#[tokio::test]
async fn large_numbers_come_back_exactly() {
    let mut ledger = Ledger::create().await;
    let numbers = [0, 1, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, (1 << 62) + 1, i64::MAX - 1, i64::MAX];
    for number in numbers {
        let wide = number.unsigned_abs() * 2 + 1;
        let records = vec![account("exchange:sh:fees:CNY/2", number, number, wide), head("series", wide)];
        check_round_trip(&mut ledger, records).await;
    }
}

#[tokio::test]
async fn absent_keys_are_none() {
    let mut ledger = Ledger::create().await;
    ledger.commit(one_of_each()).await;
    let absent = ["", "nobody", "'; DROP TABLE answer; --", "nul \0 byte", "région"];
    let mut keys: BTreeSet<_> =
        Noun::ALL.iter().flat_map(|noun| absent.map(|name| Key::new(*noun, name))).collect();
    let present = Key::new(Noun::Product, id(6));
    keys.insert(present.clone());
    let loaded = ledger.store.load(&keys).await.unwrap();
    assert_eq!(loaded.iter().map(|(key, _)| key).collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());
    for (key, record) in loaded {
        assert_eq!(record.is_some(), key == present, "{key}");
    }
    assert_eq!(ledger.store.load(&BTreeSet::new()).await.unwrap().len(), 0);
    assert_eq!(ledger.store.get::<Product>(&id(6)).await.unwrap().unwrap().id.to_string(), id(6));
    for name in absent {
        assert!(ledger.store.get::<Product>(name).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn many_readers_share_a_small_pool() {
    let mut ledger = Ledger::create().await;
    ledger.commit(one_of_each()).await;
    let keys: BTreeSet<_> = one_of_each().iter().map(Record::key).collect();
    let readers = (0..64).map(|_| {
        let (store, keys) = (ledger.store.clone(), keys.clone());
        tokio::spawn(async move { store.load(&keys).await.unwrap().len() })
    });
    for reader in readers.collect::<Vec<_>>() {
        assert_eq!(reader.await.unwrap(), keys.len());
    }
}
