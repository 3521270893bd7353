//! The commands that an order file becomes.

use crate::import::orders::Invoice;
use anyhow::{Context as _, Result, anyhow};
use databourse_licensing::{DeliveryMethod, LINES_MAX, OrderGroup, OrderLine, PlaceOrder, RecordDelivery};
use databourse_listing::{
    DataClass, Interest, ListProduct, Pricing, ProductDetails, ProductKind, PublishOffer, RegisterRight,
    Terms,
};
use databourse_party::{CertifyParty, Role};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, Digest, Label, Line, OrderId, PartyId, ProductId, RightId, Timestamp,
};
use databourse_settlement::DepositMoney;
use rust_decimal::Decimal;

/// The one purpose of every licence of the replay.
const PURPOSE: &str = "retail";
/// How long parties stay certified: ten years.
const TERM_MS: i64 = 10 * 365 * 86_400_000;

pub(super) fn asset() -> Result<Asset> {
    "XTS/3".parse().map_err(|error| anyhow!("{error}"))
}

fn label(text: &str) -> Result<Label> {
    text.parse().map_err(|error| anyhow!("`{text}`: {error}"))
}

fn words(zh: &str, en: &str) -> Result<BilingualText> {
    BilingualText::new(Some(zh), Some(en)).map_err(|error| anyhow!("{error}"))
}

pub(super) fn retailer(start: Timestamp) -> Result<CertifyParty> {
    Ok(CertifyParty {
        legal_name: words(
            "UCI 在线零售商（零售订单回放，非数据交易）",
            "Retailer of UCI Online Retail (replayed retail orders, not trades in data)",
        )?,
        legal_identifier: "ext:uci-retail:retailer".parse().map_err(|error| anyhow!("{error}"))?,
        roles: [Role::Supplier].into(),
        home_region: label("United-Kingdom")?,
        keys: Vec::new(),
        entrusts_exchange: true,
        valid_until: start.plus_ms(TERM_MS),
    })
}

pub(super) fn right() -> Result<RegisterRight> {
    Ok(RegisterRight {
        interests: [Interest::Holding, Interest::ProcessingAndUse, Interest::ProductOperation].into(),
        data_class: DataClass::Enterprise,
        source: label("uci-online-retail")?,
        source_statement: words(
            "来自 UCI“Online Retail”数据集的零售订单行，仅作回放之用，不是数据产品。",
            "Retail order lines of the UCI data set Online Retail, replayed for volume and exactness; no data products.",
        )?,
        authorisation: None,
        valid_until: None,
    })
}

pub(super) fn buyer(customer: &Label, country: &Line, start: Timestamp) -> Result<CertifyParty> {
    let identifier = format!("ext:uci-retail:{customer}");
    let region: String =
        country.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(64).collect();
    Ok(CertifyParty {
        legal_name: words(
            &format!("UCI 零售数据集客户 {customer}"),
            &format!("Customer {customer} of UCI Online Retail, {country}"),
        )?,
        legal_identifier: identifier.parse().map_err(|error| anyhow!("customer {customer}: {error}"))?,
        roles: [Role::Buyer].into(),
        home_region: label(&region)?,
        keys: Vec::new(),
        entrusts_exchange: true,
        valid_until: start.plus_ms(TERM_MS),
    })
}

pub(super) fn deposit(party: PartyId, customer: &Label, amount_milli: i64) -> Result<DepositMoney> {
    Ok(DepositMoney {
        party,
        asset: asset()?,
        amount_minor: AmountMinor::new(amount_milli)?,
        bank_reference: label(&format!("uci-retail/{customer}/{amount_milli}"))?,
    })
}

pub(super) fn product(right: RightId, stock_code: &Line, title: Option<&Line>) -> Result<ListProduct> {
    let name = title.unwrap_or(stock_code).as_str();
    Ok(ListProduct {
        right,
        details: ProductDetails {
            title: BilingualText::new(None, Some(name)).map_err(|error| anyhow!("{error}"))?,
            description: words(
                &format!("零售货号 {stock_code}，回放用，非数据产品。"),
                &format!("Retail article {stock_code}, replayed; not a data product."),
            )?,
            kind: ProductKind::Dataset,
            keywords: Vec::new(),
            update_frequency: None,
            landing_page: None,
            source_licence: None,
            source_digest: None,
            deidentification: None,
        },
    })
}

pub(super) fn offer(product: ProductId, unit_price: Decimal) -> Result<PublishOffer> {
    let unit_price = unit_price.normalize().to_string();
    Ok(PublishOffer {
        product,
        asset: asset()?,
        pricing: Pricing::OneOff,
        unit_price: unit_price.parse().map_err(|error| anyhow!("price {unit_price}: {error}"))?,
        terms: Terms {
            purposes: [label(PURPOSE)?].into(),
            term_days: 365,
            territory: label("worldwide")?,
            usable_not_visible: false,
            exclusive: false,
            quantity_max: None,
        },
        audience: None,
        valid_until: None,
    })
}

/// A price in thousandths; the reader has seen to it that it is exact.
pub(super) fn price_milli(unit_price: Decimal) -> Result<i128> {
    let scaled = unit_price.checked_mul(Decimal::ONE_THOUSAND).context("a price leaves the range")?;
    Ok(scaled.normalize().mantissa()).and_then(|mantissa| match scaled.normalize().scale() {
        0 => Ok(mantissa),
        _ => Err(anyhow!("a price has more than three decimals")),
    })
}

pub(super) fn order_line(offer: databourse_primitives::OfferId, units: u64) -> Result<OrderLine> {
    let quantity = databourse_primitives::Quantity::new(units).map_err(|error| anyhow!("{error}"))?;
    Ok(OrderLine { offer, quantity, purpose: label(PURPOSE)? })
}

/// The orders of a purchase: one, or several of one group if it has more lines than an entry holds.
pub(super) fn orders(invoice: &Invoice, lines: &[OrderLine]) -> Result<Vec<PlaceOrder>> {
    let parts = u32::try_from(lines.len().div_ceil(LINES_MAX))?;
    let name = label(&format!("{}:{}", invoice.number, invoice.first_line()))?;
    let part = |(part, lines): (u32, &[OrderLine])| PlaceOrder {
        lines: lines.to_vec(),
        group: (parts > 1).then(|| OrderGroup { name: name.clone(), part, parts }),
        reference: Some(invoice.number.clone()),
        voucher: None,
    };
    Ok((1..).zip(lines.chunks(LINES_MAX)).map(part).collect())
}

pub(super) fn delivery(order: OrderId, invoice: &Invoice, part: usize) -> RecordDelivery {
    let evidence = format!("online-retail {} line {} part {part}", invoice.number, invoice.first_line());
    RecordDelivery {
        order,
        lines: None,
        method: DeliveryMethod::File,
        evidence: Digest::of(evidence.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::orders::InvoiceKind;

    fn invoice() -> Invoice {
        Invoice {
            number: "573585".parse().unwrap(),
            kind: InvoiceKind::Purchase,
            customer: Some("17850".parse().unwrap()),
            country: "Channel Islands".parse().unwrap(),
            at: Timestamp::EPOCH,
            lines: Vec::new(),
        }
    }

    #[test]
    fn an_invoice_of_1114_lines_is_three_orders_of_one_group() {
        let offer = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
        let lines: Vec<_> = (1..=1114).map(|units| order_line(offer, units).unwrap()).collect();
        let orders = orders(&invoice(), &lines).unwrap();
        assert_eq!(orders.iter().map(|order| order.lines.len()).collect::<Vec<_>>(), [400, 400, 314]);
        assert_eq!(orders.concat_lines(), lines);
        let groups: Vec<_> = orders.iter().map(|order| order.group.clone().unwrap()).collect();
        assert!(groups.iter().all(|group| group.parts == 3 && group.name == groups[0].name));
        assert_eq!(groups.iter().map(|group| group.part).collect::<Vec<_>>(), [1, 2, 3]);
        let small = super::orders(&invoice(), &lines[..400]).unwrap();
        assert!(small.len() == 1 && small[0].group.is_none());
    }

    trait ConcatLines {
        fn concat_lines(&self) -> Vec<OrderLine>;
    }
    impl ConcatLines for Vec<PlaceOrder> {
        fn concat_lines(&self) -> Vec<OrderLine> {
            self.iter().flat_map(|order| order.lines.clone()).collect()
        }
    }

    #[test]
    fn prices_and_countries_keep_what_they_say() {
        let price = |text: &str| price_milli(text.parse().unwrap()).unwrap();
        assert_eq!(
            (price("2.550"), price("0.001"), price("0"), price("-11062.06")),
            (2550, 1, 0, -11_062_060)
        );
        assert!(price_milli("0.0001".parse().unwrap()).is_err());
        let buyer = buyer(&"17850".parse().unwrap(), &invoice().country, Timestamp::EPOCH).unwrap();
        assert_eq!(buyer.home_region.as_str(), "Channel-Islands");
    }
}
