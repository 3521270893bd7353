//! Each rule's refusal, by code and field. What is refused changes nothing; the harness checks that every time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_primitives::{RefusalCode as Code, Timestamp};
use harness::{By, Market, delivery_body, details, id, key, offer_body, order_body, party_body, right_body};
use serde_json::{Value, json};

/// `body` with the member at `path` replaced; `null` removes it.
fn with(mut body: Value, path: &str, value: Value) -> Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    body
}

#[test]
fn nothing_precedes_the_founding_and_nothing_founds_twice() {
    let mut market = Market::empty();
    market.refused(By::Exchange, "party.certify", party_body("a", &["buyer"]), Code::RegionNotFounded, "");
    let founding = |code: &str, seed: u8| {
        json!({
            "name": { "en": "Delta" }, "origin": "databourse.example/delta", "assets": ["CNY/2"],
            "exchanges": [{ "code": code, "name": { "en": "Exchange" },
                "entry_key": key(seed).public_key(), "cosignature_key": key(9).public_key(),
                "checkpoint_key": key(10).public_key(), "consensus_key": key(11).public_key() }],
        })
    };
    market.refused(By::Exchange, "region.found", founding("js", 1), Code::ExchangeUnknown, "exchange");
    market.refused(By::Exchange, "region.found", founding("sh", 3), Code::KeyUnknown, "kid");
    market.refused(By::Exchange, "region.found", founding("sh", 9), Code::KeyUnknown, "kid");
    market.refused(
        By::Exchange,
        "region.found",
        with(founding("sh", 1), "assets", json!([])),
        Code::BodyMalformed,
        "assets",
    );
    let twice = with(founding("sh", 1), "exchanges.0.consensus_key", json!(key(1).public_key()));
    market.refused(By::Exchange, "region.found", twice, Code::BodyMalformed, "exchanges");
    market.must(By::Exchange, "region.found", founding("sh", 1));
    market.refused(By::Exchange, "region.found", founding("sh", 1), Code::RegionFounded, "");
}

#[test]
fn bodies_are_read_strictly_and_the_failing_field_is_named() {
    let mut market = Market::founded();
    let body = || party_body("a", &["buyer"]);
    for (body, field) in [
        (with(body(), "legal_name", json!({})), "legal_name"),
        (with(body(), "roles", json!(["king"])), "roles[0]"),
        (with(body(), "roles", json!([])), "roles"),
        (with(body(), "valid_until", json!("tomorrow")), "valid_until"),
        (with(body(), "surplus", json!(1)), "surplus"),
        (with(body(), "legal_identifier", json!("uscc:91310000MA1FL00001")), "legal_identifier"),
        (with(body(), "entrusts_exchange", json!(false)), "keys"),
    ] {
        market.refused(By::Exchange, "party.certify", body, Code::BodyMalformed, field);
    }
    market.refused(By::Exchange, "party.crown", body(), Code::EntryTypeUnknown, "type");
}

#[test]
fn who_may_act_is_checked_before_what() {
    let mut market = Market::founded();
    let party = market.party("a", &["buyer"]);
    let body = party_body("b", &["buyer"]);
    market.refused(By::Key(77), "party.certify", body.clone(), Code::KeyUnknown, "kid");
    market.refused(By::For(party), "party.certify", body.clone(), Code::ExchangeOnly, "kid");
    market.refused(By::Exchange, "order.place", order_body(&[id(1)]), Code::PartyOnly, "kid");
    let own_key = with(with(body, "entrusts_exchange", json!(false)), "keys", json!([key(5).public_key()]));
    let own = market.must(By::Exchange, "party.certify", own_key.clone()).into();
    market.refused(
        By::For(own),
        "order.place",
        order_body(&[id(1)]),
        Code::DelegationMissing,
        "on_behalf_of",
    );
    market.refused(By::Key(5), "order.place", order_body(&[id(1)]), Code::OfferUnknown, "lines[0].offer");
    let same_key = with(own_key, "legal_identifier", json!("ext:c"));
    market.refused(By::Exchange, "party.certify", same_key, Code::KeyTaken, "keys[0]");
    market.must(By::Exchange, "party.revoke", json!({ "party": own, "reason": "licence withdrawn" }));
    market.refused(By::Key(5), "order.place", order_body(&[id(1)]), Code::KeyRetired, "kid");
    market.refused(By::For(party), "right.register", right_body("s"), Code::PartyRoleMissing, "");
}

#[test]
fn certifications_end() {
    let mut market = Market::founded();
    market.party("a", &["buyer"]);
    market.refused(
        By::Exchange,
        "party.certify",
        party_body("a", &["buyer"]),
        Code::PartyIdentifierTaken,
        "legal_identifier",
    );
    let past = with(party_body("b", &["buyer"]), "valid_until", json!("2020-01-01T00:00:00Z"));
    market.refused(By::Exchange, "party.certify", past, Code::PartyTermInvalid, "valid_until");
    let supplier = market.party("s", &["supplier"]);
    market.must(By::Exchange, "party.revoke", json!({ "party": supplier, "reason": "fraud" }));
    market.refused(By::For(supplier), "right.register", right_body("s"), Code::PartyRevoked, "");
    market.refused(
        By::Exchange,
        "party.revoke",
        json!({ "party": supplier, "reason": "fraud" }),
        Code::PartyRevoked,
        "party",
    );
    market.refused(
        By::Exchange,
        "party.revoke",
        json!({ "party": id(999), "reason": "x" }),
        Code::PartyUnknown,
        "party",
    );
    let buyer = market.party("c", &["supplier"]);
    market.now = "2031-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    market.refused(By::For(buyer), "right.register", right_body("s"), Code::PartyExpired, "");
}

#[test]
fn rights_and_products() {
    let mut market = Market::founded();
    let supplier = market.party("s", &["supplier"]);
    let rival = market.party("r", &["supplier"]);
    let by = By::For(supplier);
    for (path, value, code) in [
        ("interests", json!([]), Code::BodyMalformed),
        ("valid_until", json!("2020-01-01T00:00:00Z"), Code::RightTermInvalid),
    ] {
        market.refused(by, "right.register", with(right_body("s"), path, value), code, path);
    }
    let public = with(right_body("s"), "data_class", json!("public"));
    market.refused(by, "right.register", public, Code::RightAuthorisationMissing, "authorisation");
    let no_source = with(right_body("s"), "source_statement", Value::Null);
    market.refused(by, "right.register", no_source, Code::BodyMalformed, "");
    let right = market.right(supplier, "s");
    market.refused(By::For(rival), "right.register", right_body("s"), Code::RightSourceClaimed, "source");
    market.right(supplier, "s");

    let list = |right| json!({ "right": right, "details": details() });
    market.refused(by, "product.list", list(id(999)), Code::RightUnknown, "right");
    market.refused(By::For(rival), "product.list", list(right), Code::RightNotHolder, "right");
    let holding = with(right_body("h"), "interests", json!(["holding"]));
    let holding = market.must(by, "right.register", holding);
    market.refused(by, "product.list", list(holding), Code::RightInterestMissing, "right");
    let personal = with(right_body("p"), "data_class", json!("personal"));
    let personal = market.must(by, "right.register", personal);
    market.refused(
        by,
        "product.list",
        list(personal),
        Code::DeidentificationMissing,
        "details.deidentification",
    );

    let product = market.product(supplier, right);
    let of = |product| json!({ "product": product });
    market.refused(by, "product.resume", of(product), Code::ProductState, "product");
    market.refused(By::For(rival), "product.pause", of(product), Code::ProductNotOwner, "product");
    market.must(by, "product.pause", of(product));
    let revise = |revision: u32| json!({ "product": product, "revision": revision, "details": details() });
    market.refused(by, "product.revise", revise(1), Code::ProductRevisionStale, "revision");
    market.must(by, "product.revise", revise(2));
    market.must(by, "product.delist", of(product));
    market.refused(by, "product.delist", of(product), Code::ProductState, "product");
    market.refused(by, "product.revise", revise(3), Code::ProductState, "product");
    market.refused(by, "offer.publish", offer_body(product, "1"), Code::ProductState, "product");
    market.refused(by, "product.pause", of(id(999)), Code::ProductUnknown, "product");
}

#[test]
fn offers_and_orders() {
    let mut market = Market::founded();
    let supplier = market.party("s", &["supplier", "buyer"]);
    let buyer = market.party("b", &["buyer"]);
    let right = market.right(supplier, "s");
    let product = market.product(supplier, right);
    let by = By::For(supplier);
    for (path, value, code, field) in [
        ("unit_price", json!("1.001"), Code::AmountTooManyDecimals, "unit_price"),
        ("unit_price", json!("100000000000000"), Code::AmountOutOfRange, "unit_price"),
        ("unit_price", json!("-1"), Code::BodyMalformed, "unit_price"),
        ("unit_price", json!(1), Code::BodyMalformed, "unit_price"),
        ("asset", json!("USD/2"), Code::AssetUnknown, "asset"),
        ("terms.purposes", json!([]), Code::OfferTermsInvalid, "terms.purposes"),
        ("terms.term_days", json!(0), Code::OfferTermsInvalid, "terms.term_days"),
        ("terms.quantity_max", json!(0), Code::OfferTermsInvalid, "terms.quantity_max"),
        ("valid_until", json!("2020-01-01T00:00:00Z"), Code::OfferTermsInvalid, "valid_until"),
        ("audience", json!(supplier), Code::OfferTermsInvalid, "audience"),
        ("audience", json!(id(999)), Code::PartyUnknown, "audience"),
    ] {
        market.refused(by, "offer.publish", with(offer_body(product, "100.00"), path, value), code, field);
    }
    let offer = market.offer(supplier, product, "100.00");
    let buy = By::For(buyer);
    market.refused(buy, "order.place", order_body(&[offer]), Code::FundsInsufficient, "lines");
    market.deposit(buyer, 1_000_000);
    let line = |path: &str, value: Value| {
        let mut body = order_body(&[offer]);
        body["lines"][0] = with(body["lines"][0].clone(), path, value);
        body
    };
    for (body, code, field) in [
        (order_body(&[]), Code::BodyMalformed, "lines"),
        (order_body(&vec![offer; 401]), Code::BodyMalformed, "lines"),
        (line("quantity", json!(0)), Code::BodyMalformed, "lines[0].quantity"),
        (line("quantity", json!(2_000_000_000_u64)), Code::BodyMalformed, "lines[0].quantity"),
        (line("purpose", json!("resale")), Code::LicencePurposeForbidden, "lines[0].purpose"),
        (line("offer", json!(id(999))), Code::OfferUnknown, "lines[0].offer"),
        (
            with(order_body(&[offer]), "group", json!({ "name": "g", "part": 2, "parts": 1 })),
            Code::OrderGroupInvalid,
            "group",
        ),
    ] {
        market.refused(buy, "order.place", body, code, field);
    }
    market.refused(by, "order.place", order_body(&[offer]), Code::OrderSelfDealing, "lines[0].offer");
    let private = with(offer_body(product, "90.00"), "audience", json!(market.party("c", &["buyer"])));
    let private = market.must(by, "offer.publish", private);
    market.refused(buy, "order.place", order_body(&[private]), Code::OfferPrivate, "lines[0].offer");
    let limited = with(offer_body(product, "90.00"), "terms.quantity_max", json!(2));
    let limited = market.must(by, "offer.publish", limited);
    let mut three = order_body(&[limited]);
    three["lines"][0]["quantity"] = json!(3);
    market.refused(buy, "order.place", three, Code::OrderQuantityExceeded, "lines[0].quantity");
    let milli = with(with(offer_body(product, "0.001"), "asset", json!("XTS/3")), "audience", Value::Null);
    let milli = market.must(by, "offer.publish", milli);
    market.refused(buy, "order.place", order_body(&[offer, milli]), Code::OrderAssetsMixed, "lines[1].offer");
    market.refused(buy, "order.place", order_body(&[milli]), Code::ScheduleUnknown, "");
    market.must(by, "offer.withdraw", json!({ "offer": limited }));
    market.refused(by, "offer.withdraw", json!({ "offer": limited }), Code::OfferNotOpen, "offer");
    market.refused(buy, "order.place", order_body(&[limited]), Code::OfferNotOpen, "lines[0].offer");

    let group = |part: u32, parts: u32| {
        with(order_body(&[offer]), "group", json!({ "name": "g", "part": part, "parts": parts }))
    };
    market.must(buy, "order.place", group(1, 2));
    market.refused(buy, "order.place", group(1, 2), Code::OrderGroupInvalid, "group");
    market.refused(buy, "order.place", group(2, 3), Code::OrderGroupInvalid, "group");
    market.must(buy, "order.place", group(2, 2));

    market.must(by, "product.pause", json!({ "product": product }));
    market.refused(buy, "order.place", order_body(&[offer]), Code::ProductState, "lines[0].offer");
    market.must(by, "product.resume", json!({ "product": product }));
    market.must(By::Exchange, "party.revoke", json!({ "party": supplier, "reason": "fraud" }));
    market.refused(buy, "order.place", order_body(&[offer]), Code::PartyRevoked, "lines");
}

#[test]
fn deliveries_acceptance_and_certificates() {
    let mut market = Market::founded();
    let supplier = market.party("s", &["supplier"]);
    let buyer = market.party("b", &["buyer"]);
    let right = market.right(supplier, "s");
    let product = market.product(supplier, right);
    let offer = market.offer(supplier, product, "100.00");
    market.deposit(buyer, 1_000_000);
    let order = market.order(buyer, &[offer]);
    let (sell, buy) = (By::For(supplier), By::For(buyer));
    market.refused(sell, "delivery.record", delivery_body(id(999)), Code::OrderUnknown, "order");
    market.refused(buy, "delivery.record", delivery_body(order), Code::LicenceState, "lines");
    let line = |line: u32| with(delivery_body(order), "lines", json!([line]));
    market.refused(buy, "delivery.record", line(1), Code::DeliveryNotSupplier, "lines(1)");
    market.refused(sell, "delivery.record", line(2), Code::LicenceUnknown, "lines[0]");
    market.refused(buy, "order.accept", json!({ "order": order }), Code::LicenceState, "lines");
    market.refused(sell, "order.accept", json!({ "order": order }), Code::OrderNotBuyer, "order");
    market.delivered(supplier, order);
    market.refused(sell, "delivery.record", delivery_body(order), Code::LicenceState, "lines");
    let facts = |market: &Market| market.certificate_body(order, 1)["facts"].clone();
    let early = json!({ "order": order, "number": "sh-2026-00000001", "facts": {
        "buyer": buyer, "buyer_name": { "en": "b" }, "asset": "CNY/2", "total_minor": 1, "line_count": 1, "lines": [],
        "lines_digest": databourse_primitives::Digest::of(b""), "placed_at": harness::START, "completed_at": harness::START,
    }});
    market.refused(By::Exchange, "certificate.issue", early, Code::CertificateTradeIncomplete, "order");
    market.accepted(buyer, order);
    let good = facts(&market);
    let issue = |number: &str, facts: Value| json!({ "order": order, "number": number, "facts": facts });
    for number in ["js-2026-00000001", "sh-2025-00000001"] {
        market.refused(
            By::Exchange,
            "certificate.issue",
            issue(number, good.clone()),
            Code::CertificateNumberStale,
            "number",
        );
    }
    let wrong = with(good.clone(), "total_minor", json!(1));
    market.refused(
        By::Exchange,
        "certificate.issue",
        issue("sh-2026-00000001", wrong),
        Code::CertificateFactsDiffer,
        "facts",
    );
    market.must(By::Exchange, "certificate.issue", issue("sh-2026-00000005", good.clone()));
    market.refused(
        By::Exchange,
        "certificate.issue",
        issue("sh-2026-00000006", good),
        Code::CertificateIssued,
        "order",
    );
}

#[test]
fn money_in_and_out() {
    let mut market = Market::founded();
    let party = market.party("a", &["buyer"]);
    let deposit = |amount: Value, reference: &str| json!({ "party": party, "asset": "CNY/2", "amount_minor": amount, "bank_reference": reference });
    market.refused(By::Exchange, "account.deposit", deposit(json!(0), "r"), Code::AmountZero, "amount_minor");
    for amount in [json!(-1), json!("1")] {
        market.refused(
            By::Exchange,
            "account.deposit",
            deposit(amount, "r"),
            Code::BodyMalformed,
            "amount_minor",
        );
    }
    market.must(By::Exchange, "account.deposit", deposit(json!(500), "r"));
    market.refused(
        By::Exchange,
        "account.deposit",
        deposit(json!(500), "r"),
        Code::BankReferenceTaken,
        "bank_reference",
    );
    let withdraw = |amount: i64| json!({ "asset": "CNY/2", "amount_minor": amount });
    market.refused(
        By::For(party),
        "account.withdraw",
        withdraw(501),
        Code::FundsInsufficient,
        "amount_minor",
    );
    market.must(By::For(party), "account.withdraw", withdraw(500));
    market.refused(By::For(party), "account.withdraw", withdraw(1), Code::FundsInsufficient, "amount_minor");
    market.refused(
        By::Exchange,
        "window.close",
        json!({ "window": "CNY/2#2" }),
        Code::WindowNotOpen,
        "window",
    );
    market.must(By::Exchange, "window.close", json!({ "window": "CNY/2#1" }));
    market.refused(
        By::Exchange,
        "window.close",
        json!({ "window": "CNY/2#1" }),
        Code::WindowNotOpen,
        "window",
    );
    market.must(By::Exchange, "window.close", json!({ "window": "CNY/2#2" }));
    market.refused(By::Exchange, "window.close", json!({ "window": "USD/2#1" }), Code::AssetUnknown, "asset");
    let schedule = harness::schedule_body("CNY/2@3", "0.5");
    market.refused(By::Exchange, "schedule.publish", schedule.clone(), Code::ScheduleInvalid, "version");
    market.must(By::Exchange, "schedule.publish", with(schedule, "version", json!("CNY/2@2")));
    market.check_money();
}

#[test]
fn an_entry_is_issued_near_its_block() {
    let mut market = Market::founded();
    let body = party_body("a", &["buyer"]);
    let issue = |market: &mut Market, offset_ms: i64| {
        let now = market.now;
        market.now = now.plus_ms(offset_ms);
        let entry = market.sign(By::Exchange, id(5_000), "party.certify", &body);
        market.now = now;
        let command = databourse_market::Decoded::new(entry).unwrap().verify(&key(1).public_key()).unwrap();
        match market.execute(vec![command]).pop().unwrap() {
            databourse_market::Outcome::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    };
    assert_eq!(issue(&mut market, 600_000), Some(Code::IssuedInFuture));
    assert_eq!(issue(&mut market, -90_000_000), Some(Code::IssuedTooLongAgo));
    assert_eq!(issue(&mut market, 200_000), None);
}
