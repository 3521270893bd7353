//! The sample is what it claims: valid, consistent, and a function of the seed.

use super::{
    plan::{Fate, Outcome, plan},
    *,
};
use databourse_listing::ProductKind;
use databourse_primitives::Quantity;
use std::collections::BTreeMap;

fn market() -> Market {
    Market::load().unwrap()
}

/// The check character of a unified social credit code (GB 32100-2015): weights 3^i mod 31 over its 31 characters.
fn uscc_check_character(first_17: &str) -> char {
    let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let (sum, _) = first_17.chars().fold((0, 1), |(sum, weight), character| {
        (sum + alphabet.find(character).unwrap() * weight, weight * 3 % 31)
    });
    alphabet.chars().nth((31 - sum % 31) % 31).unwrap()
}

/// The check character of the organisation code inside it (GB 11714-1997).
fn organisation_check_character(first_8: &str) -> char {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first_8.chars().zip(weights).map(|(c, weight)| c.to_digit(36).unwrap() * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap(),
    }
}

#[track_caller]
fn distinct<T: Ord>(items: impl Iterator<Item = T> + Clone) -> usize {
    let set: BTreeSet<T> = items.clone().collect();
    assert_eq!(set.len(), items.count(), "every one is named once");
    set.len()
}

#[test]
fn everybody_has_a_name_of_their_own_and_a_valid_code() {
    // The sum is 9, and the character of value 31 - 9 = 22 is N.
    assert_eq!(uscc_check_character("90000000000000000"), 'N');
    let market = market();
    assert_eq!(distinct(market.merchants.iter().map(|merchant| &merchant.reference)), 12);
    assert_eq!(distinct(market.buyers.iter().map(|buyer| &buyer.reference)), 30);
    let merchants =
        market.merchants.iter().map(|m| (&m.legal_identifier, &m.legal_name, &m.home_region, &m.exchange));
    let buyers =
        market.buyers.iter().map(|b| (&b.legal_identifier, &b.legal_name, &b.home_region, &b.exchange));
    let parties: Vec<_> = merchants.chain(buyers).collect();
    distinct(parties.iter().map(|(identifier, ..)| identifier.to_string()));
    distinct(parties.iter().map(|(_, name, ..)| name.zh().unwrap()));
    distinct(parties.iter().map(|(_, name, ..)| name.en().unwrap()));
    for (identifier, _, region, exchange) in parties {
        let text = identifier.to_string();
        let code = text.strip_prefix("uscc:").unwrap();
        assert_eq!(code.chars().last(), Some(uscc_check_character(&code[..17])), "{code}");
        assert_eq!(code[16..17].chars().next(), Some(organisation_check_character(&code[8..16])), "{code}");
        let expected = match &code[2..4] {
            "31" => ("CN-SH", "sh"),
            "32" => ("CN-JS", "js"),
            "33" => ("CN-ZJ", "zj"),
            "34" => ("CN-AH", "ah"),
            other => panic!("{other} is not in the Delta"),
        };
        assert_eq!((region.as_str(), exchange.as_str()), expected);
    }
    assert!(market.merchants.iter().all(|merchant| merchant.roles.contains(&Role::Supplier)));
}

#[test]
fn every_product_rests_on_a_right_of_its_merchant() {
    let market = market();
    let merchants: BTreeSet<_> = market.merchants.iter().map(|merchant| &merchant.reference).collect();
    distinct(market.rights.iter().map(|right| &right.source));
    let rights: BTreeMap<_, _> = market.rights.iter().map(|right| (&right.source, right)).collect();
    for right in &market.rights {
        assert!(merchants.contains(&right.merchant) && right.term_days > 0);
        assert!(right.interests.contains(&Interest::ProductOperation));
        assert!(right.source_statement.zh().is_some() && right.source_statement.en().is_some());
        assert_eq!(right.authorisation.is_some(), right.data_class == DataClass::Public, "{}", right.source);
    }
    assert!((38..=45).contains(&distinct(market.products.iter().map(|product| &product.reference))));
    for product in &market.products {
        let name = &product.reference;
        let right = rights[&product.right];
        assert_eq!(right.merchant, product.merchant, "{name}");
        let personal = right.data_class == DataClass::Personal;
        assert_eq!(product.details.deidentification.is_some(), personal, "{name}");
        let details = &product.details;
        assert!(
            [&details.title, &details.description]
                .iter()
                .all(|text| text.zh().is_some() && text.en().is_some())
        );
        for quantity in &product.quantities {
            let amount = product.unit_price.amount_of(Quantity::new(*quantity).unwrap(), market.asset);
            assert!(amount.is_ok() && *quantity <= product.terms.quantity_max.unwrap(), "{name}");
        }
        assert!(!product.quantities.is_empty() && product.popularity > 0, "{name}");
        let free = product.unit_price.as_decimal().is_zero();
        assert!(!free || right.data_class == DataClass::Public, "{name}: only public data are free");
        assert!(!product.terms.exclusive || product.terms.quantity_max == Some(1), "{name}");
        let computed = product.delivery == DeliveryMethod::ComputeToData;
        assert!(
            !computed || product.terms.usable_not_visible,
            "{name}: what is computed in place is not shown"
        );
    }
    for merchant in merchants {
        assert!(market.products.iter().any(|product| product.merchant == *merchant), "{merchant} sells");
    }
}

#[test]
fn the_sample_has_something_of_everything() {
    let market = market();
    let kinds: BTreeSet<ProductKind> = market.products.iter().map(|product| product.details.kind).collect();
    assert_eq!(kinds.len(), 5);
    let classes: BTreeSet<DataClass> = market.rights.iter().map(|right| right.data_class).collect();
    assert_eq!(classes.len(), 4);
    let pricings: BTreeSet<Pricing> = market.products.iter().map(|product| product.pricing).collect();
    assert_eq!(pricings.len(), 4);
    assert!(market.products.iter().filter(|product| product.terms.exclusive).count() >= 3);
    assert!(market.products.iter().filter(|product| product.unit_price.as_decimal().is_zero()).count() >= 3);
    for buyer in &market.buyers {
        for purpose in &buyer.purposes {
            let serves = |product: &&SampleProduct| {
                product.terms.purposes.contains(purpose)
                    && !product.terms.exclusive
                    && !product.unit_price.as_decimal().is_zero()
            };
            assert!(market.products.iter().filter(serves).count() >= 3, "{purpose} is served");
        }
    }
}

#[test]
fn one_seed_is_one_plan() {
    let market = market();
    assert_eq!(plan(&market, 7).unwrap(), plan(&market, 7).unwrap());
    assert_ne!(plan(&market, 7).unwrap().orders, plan(&market, 8).unwrap().orders);
}

#[test]
fn a_plan_is_possible_in_the_market() {
    let market = market();
    let products: BTreeMap<_, _> =
        market.products.iter().map(|product| (&product.reference, product)).collect();
    let buyers: BTreeMap<_, _> = market.buyers.iter().map(|buyer| (&buyer.reference, buyer)).collect();
    for seed in [0, 1, 7, u64::MAX] {
        let plan = plan(&market, seed).unwrap();
        assert!(plan.orders.iter().map(|order| order.number).eq(1..=500));
        let mut sold: BTreeMap<&Label, u32> = BTreeMap::new();
        for order in &plan.orders {
            assert!((1..=3).contains(&order.lines.len()));
            distinct(order.lines.iter().map(|line| &line.product));
            for line in &order.lines {
                let product = products[&line.product];
                *sold.entry(&line.product).or_default() += 1;
                assert!(product.terms.purposes.contains(&line.purpose));
                assert!(buyers[&order.buyer].purposes.contains(&line.purpose));
                assert!(line.quantity.get() <= product.terms.quantity_max.unwrap());
                assert_eq!(line.amount, product.unit_price.amount_of(line.quantity, market.asset).unwrap());
                if let Fate::Refunded { amount, .. } = &line.fate {
                    assert!(!amount.is_zero() && *amount <= line.amount);
                    let whole = *amount == line.amount;
                    assert_eq!(whole, order.outcome == Outcome::RefundedWholly);
                }
            }
        }
        for (product, times) in &sold {
            assert!(!products[*product].terms.exclusive || *times == 1, "{product} is sold once");
        }
        assert!(sold.len() >= 35, "most products are sold: {}", sold.len());
        let mut counts: Vec<u32> = sold.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let (hot, all): (u32, u32) = (counts[..8].iter().sum(), counts.iter().sum());
        assert!(hot * 10 > all * 4, "eight hot products make more than 40 % of the lines: {hot} of {all}");
        let ends = |outcome| plan.orders.iter().filter(|order| order.outcome == outcome).count();
        assert_eq!(ends(Outcome::Rejected), 15);
        assert_eq!(ends(Outcome::RefundedInPart) + ends(Outcome::RefundedWholly), 20);
        assert_eq!(ends(Outcome::Undelivered) + ends(Outcome::Unaccepted), 10);
        let total: i64 =
            market.buyers.iter().map(|buyer| plan.ordered_by(&buyer.reference).unwrap().get()).sum();
        assert!(total > 100_000_000, "more than a million yuan: {total}");
    }
}
