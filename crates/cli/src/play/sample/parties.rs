//! Stage 1: the exchange certifies merchants and buyers, and their money arrives.

use super::Play;
use crate::play::{desk::Party, stage::Stage};
use anyhow::{Context as _, Result};
use databourse_api::token::TokenRole;
use databourse_party::{CertifyParty, LegalIdentifier, Role};
use databourse_primitives::{AmountMinor, BilingualText, ExchangeCode, Label, PartyId};
use databourse_settlement::DepositMoney;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeSet;

const TERM_MS: i64 = 5 * 365 * 86_400_000;
/// What every buyer has beyond its plan and the tax on it: 20,000.00 CNY, enough for a yearly fee.
const SPARE_MINOR: i64 = 2_000_000;

/// Who signs for a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signing {
    /// The exchange keeps a key of the party.
    Custody,
    /// The exchange signs with its own key, on behalf of the party.
    Entrusted,
    /// The party, with a key that the exchange never sees.
    Own,
}

/// The first merchant and the first two buyers keep their own keys; of the other merchants every fourth entrusts the
/// exchange; everybody else has a key in custody.
const fn signing(is_merchant: bool, index: usize) -> Signing {
    match (is_merchant, index) {
        (true, 0) | (false, 0 | 1) => Signing::Own,
        (true, index) if index % 4 == 3 => Signing::Entrusted,
        _ => Signing::Custody,
    }
}

struct Applicant<'a> {
    exchange: &'a ExchangeCode,
    reference: &'a Label,
    legal_name: &'a BilingualText,
    legal_identifier: &'a LegalIdentifier,
    home_region: &'a Label,
    roles: BTreeSet<Role>,
    token_role: TokenRole,
    signing: Signing,
}

impl Play<'_> {
    pub(super) async fn certify(&mut self) -> Result<()> {
        let market = self.market;
        let merchants = market.merchants.iter().enumerate().map(|(index, merchant)| Applicant {
            exchange: &merchant.exchange,
            reference: &merchant.reference,
            legal_name: &merchant.legal_name,
            legal_identifier: &merchant.legal_identifier,
            home_region: &merchant.home_region,
            roles: merchant.roles.clone(),
            token_role: TokenRole::Merchant,
            signing: signing(true, index),
        });
        let buyers = market.buyers.iter().enumerate().map(|(index, buyer)| Applicant {
            exchange: &buyer.exchange,
            reference: &buyer.reference,
            legal_name: &buyer.legal_name,
            legal_identifier: &buyer.legal_identifier,
            home_region: &buyer.home_region,
            roles: [Role::Buyer].into(),
            token_role: TokenRole::Buyer,
            signing: signing(false, index),
        });
        let applicants: Vec<_> = merchants.chain(buyers).collect();
        let mut stage = Stage::begin("登记 parties", applicants.len() as u64);
        let admissions = (0_u64..).zip(&applicants).map(|(at, applicant)| self.admit(at, applicant));
        let mut admitted = Vec::new();
        let mut answers = stream::iter(admissions).buffered(self.desk.at_once);
        while let Some(party) = answers.try_next().await? {
            admitted.push(party);
            stage.advance(1);
        }
        drop(answers);
        self.parties.extend(admitted);
        stage.end(&format!("{} merchants, {} buyers", market.merchants.len(), market.buyers.len()));
        Ok(())
    }

    async fn admit(&self, at: u64, applicant: &Applicant<'_>) -> Result<(Label, Party)> {
        let label = format!("party {}", applicant.reference);
        let id = self.desk.ids.id(at, &label)?;
        let key = match applicant.signing {
            Signing::Own => Some(self.desk.ids.key(&label)?),
            Signing::Custody | Signing::Entrusted => None,
        };
        let command = CertifyParty {
            legal_name: applicant.legal_name.clone(),
            legal_identifier: applicant.legal_identifier.clone(),
            roles: applicant.roles.clone(),
            home_region: applicant.home_region.clone(),
            keys: key.iter().map(databourse_ledger::SigningKey::public_key).collect(),
            entrusts_exchange: applicant.signing == Signing::Entrusted,
            valid_until: self.desk.ids.start().plus_ms(TERM_MS),
        };
        let custody = applicant.signing == Signing::Custody;
        let done = self.operator(applicant.exchange)?.certify(id, &command.into(), custody).await;
        self.desk.note(&done.with_context(|| format!("party.certify of {}", applicant.reference))?);
        let party = self.desk.party(applicant.exchange, PartyId::from(id), &[applicant.token_role], key)?;
        Ok((applicant.reference.clone(), party))
    }

    /// Every buyer's money arrives: what its plan costs, tax at 6 %, and some to spare.
    pub(super) async fn deposit(&self) -> Result<()> {
        let mut stage = Stage::begin("入金 deposits", self.market.buyers.len() as u64);
        for (at, buyer) in (20_000_u64..).zip(&self.market.buyers) {
            let net = self.plan.ordered_by(&buyer.reference)?.get();
            let amount = net.checked_mul(106).map(|tax_inclusive| tax_inclusive / 100 + SPARE_MINOR);
            let command = DepositMoney {
                party: self.party(&buyer.reference)?.id,
                asset: self.market.asset,
                amount_minor: AmountMinor::new(amount.context("a plan above the range of money")?)?,
                bank_reference: format!("demo/{}/{}", self.plan.seed, buyer.reference).parse()?,
            };
            let (operator, label) = (self.operator(&buyer.exchange)?, format!("deposit {}", buyer.reference));
            self.desk.operate(operator, at, &label, command).await?;
            stage.advance(1);
        }
        stage.end("every buyer can pay its plan");
        Ok(())
    }
}
