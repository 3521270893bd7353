//! Departing: the end of a membership.

use crate::{Exchange, Members, Membership, Region, effect_height};
use databourse_primitives::{ExchangeCode, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// `member.depart`: a leaving exchange leaves, once its obligations are settled; its successor takes its book over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartRegion {
    /// The exchange, which signs it.
    pub exchange: ExchangeCode,
}

impl Members<'_> {
    /// Ends the membership of a leaving exchange. Whether its obligations are settled is for the caller to check, who
    /// holds accounts and windows. Returns the exchange, and the region in which its successor stands in for it.
    ///
    /// # Errors
    /// `member.not_concerned` unless it signs itself; `member.change_pending`; `member.state` unless leaving;
    /// `member.not_active` if the successor is not active and to stay so.
    pub fn depart(&self, command: &DepartRegion, by: &ExchangeCode) -> Result<(Exchange, Region), Refusal> {
        let code = &command.exchange;
        if code != by {
            let expected = format!("an entry of {code} itself");
            return Err(Refusal::new(RefusalCode::MemberNotConcerned, "exchange", expected));
        }
        let exchange = self.settled(code, &["leaving"])?;
        let Membership::Leaving { successor, .. } = exchange.membership.clone() else {
            let expected = "a leaving exchange".to_owned();
            return Err(Refusal::new(RefusalCode::MemberState, "exchange", expected));
        };
        self.succeeds(&successor, code).map_err(|mut refusal| {
            refusal.field = "exchange".into();
            refusal
        })?;
        let mut region = self.region.clone();
        region.successors.add(code.clone(), successor.clone());
        let since_height = effect_height(self.height);
        Ok((exchange.clone().standing(Membership::Left { since_height, successor }), region))
    }
}
