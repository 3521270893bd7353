//! Certificates of completed trades (stage 6).

use super::order::licences_of;
use crate::{Certificate, Halt, IssueCertificate, certificate_facts, view::Tx};
use databourse_licensing::Order;
use databourse_party::{Exchange, Party};
use databourse_primitives::{ExchangeCode, Refusal, RefusalCode};
use std::sync::Arc;

/// Issues the one certificate of a completed order. What it states is computed again here, on every node.
pub(super) fn issue(tx: &mut Tx<'_>, code: &ExchangeCode, command: &IssueCertificate) -> Result<(), Halt> {
    let mut order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    let mut exchange: Exchange = tx.need(code, RefusalCode::ExchangeUnknown, "exchange")?;
    let buyer: Arc<Party> = tx.need_shared(&order.buyer, RefusalCode::PartyUnknown, "order")?;
    if let Some(number) = &order.certificate {
        let expected = format!("an order without a certificate; this one has {number}");
        return Err(Refusal::new(RefusalCode::CertificateIssued, "order", expected).into());
    }
    let lines = order.resolve_lines(None)?;
    let licences = licences_of(tx, &order, &lines)?;
    let facts = certificate_facts(&order, &buyer, licences.iter().map(|licence| &**licence))?;
    let number = &command.number;
    let year = tx.now().year();
    if number.exchange != *code || number.year != year || number.sequence <= exchange.last_certificate {
        let expected = format!("{code}-{year}- and a sequence above {}", exchange.last_certificate);
        return Err(Refusal::new(RefusalCode::CertificateNumberStale, "number", expected).into());
    }
    if command.facts != facts {
        let expected = "what the ledger holds of this order";
        return Err(Refusal::new(RefusalCode::CertificateFactsDiffer, "facts", expected).into());
    }
    exchange.last_certificate = number.sequence;
    order.certificate = Some(number.clone());
    tx.put(Certificate {
        number: number.clone(),
        entry: tx.entry,
        order: order.id,
        facts,
        issued_at: tx.now(),
    });
    tx.put(exchange);
    tx.put(order);
    Ok(())
}
