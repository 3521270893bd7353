//! An order as its seller sees it: the lines that are theirs.

use crate::{failure::Failure, visit::Visit};
use databourse_licensing::Licence;
use databourse_primitives::{CertificateNumber, OrderId, PartyId, ScheduleVersion, Timestamp};
use serde::Deserialize;

/// What the API tells of an order.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Sale {
    pub(in crate::pages) id: OrderId,
    pub(in crate::pages) buyer: PartyId,
    pub(in crate::pages) schedule: ScheduleVersion,
    pub(in crate::pages) placed_at: Timestamp,
    #[serde(default)]
    pub(in crate::pages) certificate: Option<CertificateNumber>,
    /// The lines that the reader may see, in their order.
    #[serde(default)]
    pub(in crate::pages) licences: Vec<Licence>,
}

impl Sale {
    /// Reads an order.
    ///
    /// # Errors
    /// The page to show instead.
    pub(in crate::pages) async fn read(visit: &Visit, id: &str) -> Result<Self, Failure> {
        let id: OrderId = id.parse().map_err(|_| Failure::Unknown)?;
        visit.get(&format!("/v1/orders/{id}")).await
    }
}
