//! Real order lines as lines of a settlement window.

use databourse_primitives::{Label, TaxVersion, Timestamp};
use databourse_reconcile::{BusinessKey, LineKind, LineStatus, SettlementLine};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

/// `amount · numerator / denominator`, halves up, for amounts from zero.
fn round(amount: i64, numerator: i64, denominator: i64) -> i64 {
    (2 * amount * numerator + denominator) / (2 * denominator)
}

/// A sale of which some may have been given back.
struct Sold {
    key: BusinessKey,
    price_milli: i64,
    quantity: i64,
    left: i64,
}

/// Net, tax, fee and tax on the fee of `quantity` units: what was sold minus what was given back is always this of what
/// remains, so parts given back sum to the sale.
fn amounts(price_milli: i64, quantity: i64) -> [i64; 4] {
    let net = round(price_milli * quantity, 1, 10);
    let fee = round(net, 25, 1000);
    [net, round(net, 6, 100), fee, round(fee, 6, 100)]
}

/// The first `count` lines of the real file that have a customer and are sales, or cancellations of a sale before.
pub(crate) fn real_lines(count: usize) -> Vec<SettlementLine> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/online-retail.csv.gz");
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    let mut sold: BTreeMap<(String, String), Vec<Sold>> = BTreeMap::new();
    let mut lines = Vec::with_capacity(count);
    let asset = "CNY/2".parse().unwrap();
    for text in BufReader::new(GzDecoder::new(file)).lines().skip(1) {
        let text = text.unwrap();
        let fields = fields(&text);
        let [invoice, stock, _, quantity, date, price, customer, _] = &fields[..] else { panic!("{text}") };
        let place = places.entry(invoice.clone()).or_insert(0);
        *place += 1;
        let quantity: i64 = quantity.parse().unwrap();
        let customer = customer.strip_suffix(".0").unwrap_or(customer);
        if customer.is_empty() || invoice.starts_with('A') || quantity == 0 {
            continue;
        }
        let price_milli = milli(price);
        let stands = sold.entry((customer.to_owned(), stock.clone())).or_default();
        let (kind, word, values, original) = if quantity > 0 {
            (LineKind::Sale, "sale", amounts(price_milli, quantity), None)
        } else {
            let fits = |sale: &&mut Sold| sale.price_milli == price_milli && sale.left >= -quantity;
            let Some(sale) = stands.iter_mut().find(fits) else { continue };
            let before = amounts(price_milli, sale.left);
            sale.left += quantity;
            let after = amounts(price_milli, sale.left);
            assert!(sale.left <= sale.quantity);
            let values = std::array::from_fn(|at| after[at] - before[at]);
            (LineKind::Refund, "refund", values, Some(sale.key.clone()))
        };
        let key: BusinessKey = format!("{invoice}/{place}/{word}").parse().unwrap();
        if kind == LineKind::Sale {
            stands.push(Sold { key: key.clone(), price_milli, quantity, left: quantity });
        }
        let [net_minor, vat_minor, fee_minor, fee_vat_minor] = values;
        lines.push(SettlementLine {
            key: Some(key),
            kind,
            counterparty: customer.parse::<Label>().unwrap(),
            asset,
            net_minor,
            vat_minor,
            fee_minor,
            fee_vat_minor,
            schedule: Some("CNY/2@1".parse().unwrap()),
            tax: Some(TaxVersion(1)),
            window: "CNY/2#7".parse().unwrap(),
            status: LineStatus::Final,
            original,
            occurred_at: format!("{}Z", date.replace(' ', "T")).parse::<Timestamp>().unwrap(),
        });
        if lines.len() == count {
            break;
        }
    }
    lines
}

/// A price with up to three decimals, in thousandths.
fn milli(text: &str) -> i64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    assert!(decimals.len() <= 3, "{text}");
    format!("{whole}{decimals:0<3}").parse().unwrap()
}

/// The fields of a record; this file has no line breaks inside quotes.
fn fields(text: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields.last_mut().unwrap().push(other),
        }
    }
    fields
}
