//! The rules that bring the stages together. One file per noun; each takes a view of the state and a command.

mod anchor;
mod breaks;
mod certificate;
mod closing;
mod departure;
mod dispute;
mod hints;
mod listing;
mod member;
mod money;
mod order;
pub(crate) mod parts;
mod party;
mod pricing;
mod refund;
mod region;
mod snapshot;
mod standing;
mod voucher;
mod window;

use crate::{Actor, Answer, Command, Halt, Outcome, SignedCommand, execute::Accepted, view::Tx};
use databourse_party::{KeyOwner, KeyRecord, Party, Region};
use databourse_primitives::{Digest, ExchangeCode, PartyId, Refusal, RefusalCode};
use std::sync::Arc;

/// How much later than the block an entry may say it was issued.
const ISSUED_AHEAD_SECONDS_MAX: i64 = 300;
/// How much earlier than the block an entry may say it was issued.
const ISSUED_AGO_SECONDS_MAX: i64 = 86_400;

/// Executes one command. The order of the checks is the order of precedence of the refusals.
pub(crate) fn apply(tx: &mut Tx<'_>, signed: &SignedCommand) -> Result<Outcome, Halt> {
    let claims = signed.entry.claims();
    tx.preload(|| hints::first_keys(signed))?;
    let actor = match &*signed.command {
        Command::FoundRegion(found) => region::founder(found, &claims.exchange, &signed.key)?,
        _ => resolve_actor(tx, signed)?,
    };
    if let Some(answer) = tx.find::<Answer>(&claims.id)? {
        return already_applied(answer, &actor, signed.intent);
    }
    if let Some(Err(ended)) = tx.look(&"region", Region::goes_on)? {
        return Err(ended.into());
    }
    check_issued_at(claims.issued_at_s, tx.now().unix_seconds())?;
    run(tx, &actor, &signed.command)?;
    tx.put(Answer {
        id: claims.id,
        entry_type: claims.entry_type.clone(),
        actor: actor.to_string(),
        intent: signed.intent,
        leaf_index: tx.leaf_index,
        height: tx.context.height,
    });
    Ok(Outcome::Accepted(Accepted { id: claims.id, leaf_index: tx.leaf_index, actor }))
}

/// A retry gets the first answer; the same id for something else is a conflict.
fn already_applied(answer: Answer, actor: &Actor, intent: Digest) -> Result<Outcome, Halt> {
    if answer.actor == actor.to_string() && answer.intent == intent {
        return Ok(Outcome::AlreadyApplied(answer));
    }
    let expected =
        format!("a new id; this one stands for the {} at leaf {}", answer.entry_type, answer.leaf_index);
    Err(Refusal::new(RefusalCode::EntryIdReused, "id", expected).into())
}

fn check_issued_at(issued_at_s: i64, now_s: i64) -> Result<(), Refusal> {
    if issued_at_s > now_s.saturating_add(ISSUED_AHEAD_SECONDS_MAX) {
        let expected = format!("at most {ISSUED_AHEAD_SECONDS_MAX} seconds after {now_s}");
        return Err(Refusal::new(RefusalCode::IssuedInFuture, "iat", expected));
    }
    if issued_at_s < now_s.saturating_sub(ISSUED_AGO_SECONDS_MAX) {
        let expected = format!("at most {ISSUED_AGO_SECONDS_MAX} seconds before {now_s}");
        return Err(Refusal::new(RefusalCode::IssuedTooLongAgo, "iat", expected));
    }
    Ok(())
}

/// Who acts: the owner of the key, or the party that entrusted the exchange whose key it is.
fn resolve_actor(tx: &Tx<'_>, signed: &SignedCommand) -> Result<Actor, Halt> {
    let claims = signed.entry.claims();
    let founded =
        Refusal::new(RefusalCode::RegionNotFounded, "", "a ledger whose first entry founds its region");
    let region: Arc<Region> = tx.find_shared(&"region")?.ok_or(founded)?;
    region.has(&claims.exchange)?;
    standing::may_act(tx, &claims.exchange)?;
    let unknown = Refusal::new(RefusalCode::KeyUnknown, "kid", "the name of a registered key");
    let record: Arc<KeyRecord> = tx.find_shared(&signed.entry.kid())?.ok_or(unknown)?;
    record.in_force(tx.context.height)?;
    let delegation =
        |expected: &'static str| Refusal::new(RefusalCode::DelegationMissing, "on_behalf_of", expected);
    match (&record.owner, claims.on_behalf_of) {
        (KeyOwner::Party(_), Some(_)) => Err(delegation("nothing: a party signs for itself").into()),
        (KeyOwner::Party(party), None) => Ok(Actor::Party(*party)),
        (KeyOwner::Exchange(code), _) if *code != claims.exchange => {
            let expected = format!("{code}, the exchange whose key signed");
            Err(Refusal::new(RefusalCode::ExchangeUnknown, "exchange", expected).into())
        }
        (KeyOwner::Exchange(code), None) => Ok(Actor::Exchange(code.clone())),
        (KeyOwner::Exchange(code), Some(party)) => {
            let record: Arc<Party> = tx.need_shared(&party, RefusalCode::PartyUnknown, "on_behalf_of")?;
            if record.entrusts_exchange && region.home_of(&record.home_exchange) == code {
                Ok(Actor::Party(party))
            } else {
                Err(delegation("a party that entrusts the signing exchange").into())
            }
        }
    }
}

fn run(tx: &mut Tx<'_>, actor: &Actor, command: &Command) -> Result<(), Halt> {
    match command {
        Command::FoundRegion(found) => region::found(tx, found),
        Command::ProposeChange(propose) => member::propose(tx, exchange(actor)?, propose),
        Command::CastVote(vote) => member::vote(tx, exchange(actor)?, vote),
        Command::ReportMisbehaviour(report) => member::report(tx, exchange(actor)?, report),
        Command::DepartRegion(depart) => departure::depart(tx, exchange(actor)?, depart),
        Command::CloseLedger(close) => closing::close(tx, exchange(actor)?, close),
        Command::OrderSnapshot(_) => snapshot::order(tx, exchange(actor)?),
        Command::AttestSnapshot(attest) => snapshot::attest(tx, exchange(actor)?, attest),
        Command::RecordAnchor(record) => anchor::record(tx, exchange(actor)?, record),
        Command::PublishTax(publish) => pricing::publish_tax(tx, exchange(actor)?, publish),
        Command::PublishSchedule(publish) => pricing::publish_schedule(tx, exchange(actor)?, publish),
        Command::CertifyParty(certify) => party::certify(tx, exchange(actor)?, certify),
        Command::ReplacePartyKeys(replace) => party::replace_keys(tx, actor, replace),
        Command::RevokeParty(revoke) => party::revoke(tx, exchange(actor)?, revoke),
        Command::RegisterRight(register) => listing::register_right(tx, party_of(actor)?, register),
        Command::ListProduct(list) => listing::list_product(tx, party_of(actor)?, list),
        Command::ReviseProduct(revise) => listing::revise_product(tx, party_of(actor)?, revise),
        Command::PauseProduct(pause) => listing::pause_product(tx, party_of(actor)?, pause),
        Command::ResumeProduct(resume) => listing::resume_product(tx, party_of(actor)?, resume),
        Command::DelistProduct(delist) => listing::delist_product(tx, party_of(actor)?, delist),
        Command::PublishShares(publish) => pricing::publish_shares(tx, party_of(actor)?, publish),
        Command::PublishOffer(publish) => listing::publish_offer(tx, party_of(actor)?, publish),
        Command::WithdrawOffer(withdraw) => listing::withdraw_offer(tx, party_of(actor)?, withdraw),
        Command::PlaceOrder(place) => order::place(tx, party_of(actor)?, place),
        Command::RecordDelivery(record) => order::deliver(tx, party_of(actor)?, record),
        Command::AcceptOrder(accept) => order::accept(tx, party_of(actor)?, accept),
        Command::RejectOrder(reject) => order::reject(tx, party_of(actor)?, reject),
        Command::ExpireOrder(expire) => order::expire(tx, exchange(actor)?, expire),
        Command::GrantRefund(grant) => refund::grant(tx, actor, grant),
        Command::OpenDispute(open) => dispute::open(tx, actor, open),
        Command::DecideDispute(decide) => dispute::decide(tx, exchange(actor)?, decide),
        Command::IssueVoucher(issue) => voucher::issue(tx, exchange(actor)?, issue),
        Command::ChargeFee(charge) => money::charge_fee(tx, exchange(actor)?, charge),
        Command::ConstrainAccount(constrain) => money::constrain(tx, exchange(actor)?, constrain),
        Command::DepositMoney(deposit) => money::deposit(tx, exchange(actor)?, deposit),
        Command::WithdrawMoney(withdraw) => money::withdraw(tx, party_of(actor)?, withdraw),
        Command::CloseWindow(close) => window::close(tx, exchange(actor)?, close),
        Command::SignWindow(sign) => window::sign(tx, exchange(actor)?, sign),
        Command::InstructWindow(instruct) => window::instruct(tx, exchange(actor)?, instruct),
        Command::ConfirmInstruction(confirm) => window::confirm(tx, exchange(actor)?, confirm),
        Command::AbortWindow(abort) => window::abort(tx, exchange(actor)?, abort),
        Command::OpenBreak(open) => breaks::open(tx, exchange(actor)?, open),
        Command::AssignBreak(assign) => breaks::assign(tx, exchange(actor)?, assign),
        Command::AddEvidence(add) => breaks::add_evidence(tx, exchange(actor)?, add),
        Command::ProposeResolution(propose) => breaks::propose(tx, exchange(actor)?, propose),
        Command::ApproveResolution(approve) => breaks::approve(tx, exchange(actor)?, approve),
        Command::RejectResolution(reject) => breaks::reject(tx, exchange(actor)?, reject),
        Command::ResolveBreak(resolve) => breaks::resolve(tx, exchange(actor)?, resolve),
        Command::WriteOffBreak(write_off) => breaks::write_off(tx, exchange(actor)?, write_off),
        Command::EscalateBreak(escalate) => breaks::escalate(tx, exchange(actor)?, escalate),
        Command::CarryBreak(carry) => breaks::carry(tx, exchange(actor)?, carry),
        Command::IssueCertificate(issue) => certificate::issue(tx, exchange(actor)?, issue),
    }
}

fn exchange(actor: &Actor) -> Result<&ExchangeCode, Refusal> {
    match actor {
        Actor::Exchange(code) => Ok(code),
        Actor::Party(_) => {
            Err(Refusal::new(RefusalCode::ExchangeOnly, "kid", "the key of an exchange, for itself"))
        }
    }
}

fn party_of(actor: &Actor) -> Result<PartyId, Refusal> {
    match actor {
        Actor::Party(id) => Ok(*id),
        Actor::Exchange(_) => {
            let expected = "a party's key, or the exchange's with `on_behalf_of`";
            Err(Refusal::new(RefusalCode::PartyOnly, "kid", expected))
        }
    }
}
