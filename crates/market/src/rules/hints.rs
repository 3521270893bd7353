//! What a command surely reads, as far as its own bytes tell. Asking for all of it at once makes a cold command cost
//! two or three round trips instead of one per record. A hint that is missing costs time, never correctness.

use super::{anchor, listing::claim_name, member::new_keys, money, order::group_names, pricing, snapshot};
use crate::{Answer, Claim, Command, Head, Key, SignedCommand};
use databourse_licensing::{Licence, Order};
use databourse_listing::{Offer, Product, Right};
use databourse_party::{AnchorSubject, Exchange, KeyRecord, Party, Proposal, Region, Snapshot};
use databourse_primitives::{LicenceId, OrderId};
use databourse_settlement::{
    Account, AccountId, AddEvidence, ApproveResolution, AssignBreak, Break, CarryBreak, Dispute,
    EscalateBreak, Hold, ProposeResolution, Purpose, RejectResolution, ResolveBreak, TaxTable, Voucher,
    Window, WriteOffBreak,
};

pub(super) fn first_keys(signed: &SignedCommand) -> Vec<Key> {
    let claims = signed.entry.claims();
    let mut keys = vec![
        Key::of::<Region>(&"region"),
        Key::of::<KeyRecord>(&signed.entry.kid()),
        Key::of::<Answer>(&claims.id),
        Key::of::<Exchange>(&claims.exchange),
    ];
    keys.extend(claims.on_behalf_of.map(|party| Key::of::<Party>(&party)));
    match &*signed.command {
        Command::FoundRegion(_) | Command::ReportMisbehaviour(_) | Command::DepartRegion(_) => {}
        Command::CloseLedger(_) => {}
        Command::ProposeChange(propose) => {
            keys.extend(new_keys(&propose.change).map(|(_, key)| Key::of::<KeyRecord>(&key.key_id())));
        }
        Command::CastVote(vote) => keys.push(Key::of::<Proposal>(&vote.proposal)),
        Command::OrderSnapshot(_) => keys.push(Key::of::<Head>(&snapshot::SERIES)),
        Command::AttestSnapshot(attest) => keys.push(Key::of::<Snapshot>(&attest.height)),
        Command::RecordAnchor(record) => {
            keys.push(Key::of::<Head>(&anchor::series(record)));
            if let AnchorSubject::Statement { window, holder, .. } = &record.subject {
                keys.push(Key::of::<Window>(window));
                keys.push(Key::of::<Claim>(&anchor::statement_name(record, *window, holder)));
            }
        }
        Command::PublishTax(_) => keys.push(Key::of::<Head>(&pricing::TAX_SERIES)),
        Command::PublishSchedule(publish) => {
            keys.extend(money::series_keys(publish.version.asset));
            keys.push(Key::of::<TaxTable>(&publish.tax));
        }
        Command::PublishShares(publish) => keys.push(Key::of::<Product>(&publish.product)),
        Command::CertifyParty(certify) => {
            keys.push(Key::of::<Claim>(&format!("identifier:{}", certify.legal_identifier)));
            keys.extend(certify.keys.iter().map(|key| Key::of::<KeyRecord>(&key.key_id())));
        }
        Command::ReplacePartyKeys(replace) => {
            keys.push(Key::of::<Party>(&replace.party));
            keys.extend(replace.keys.iter().map(|key| Key::of::<KeyRecord>(&key.key_id())));
        }
        Command::RevokeParty(revoke) => keys.push(Key::of::<Party>(&revoke.party)),
        Command::RegisterRight(register) => {
            let claim = |interest: &_| Key::of::<Claim>(&claim_name(register.source.as_str(), *interest));
            keys.extend(register.interests.iter().map(claim));
        }
        Command::ListProduct(list) => keys.push(Key::of::<Right>(&list.right)),
        Command::ReviseProduct(revise) => keys.push(Key::of::<Product>(&revise.product)),
        Command::PauseProduct(pause) => keys.push(Key::of::<Product>(&pause.product)),
        Command::ResumeProduct(resume) => keys.push(Key::of::<Product>(&resume.product)),
        Command::DelistProduct(delist) => keys.push(Key::of::<Product>(&delist.product)),
        Command::PublishOffer(publish) => {
            keys.push(Key::of::<Product>(&publish.product));
            keys.extend(publish.audience.map(|audience| Key::of::<Party>(&audience)));
        }
        Command::WithdrawOffer(withdraw) => keys.push(Key::of::<Offer>(&withdraw.offer)),
        Command::PlaceOrder(place) => {
            keys.extend(place.lines.iter().map(|line| Key::of::<Offer>(&line.offer)));
            keys.extend(place.voucher.map(|voucher| Key::of::<Voucher>(&voucher)));
            if let (Some(group), Some(buyer)) = (&place.group, claims.on_behalf_of) {
                keys.extend(group_names(buyer, group).map(|name| Key::of::<Claim>(&name)));
            }
        }
        Command::RecordDelivery(deliver) => lines(&mut keys, deliver.order, deliver.lines.as_deref()),
        Command::AcceptOrder(accept) => lines(&mut keys, accept.order, accept.lines.as_deref()),
        Command::RejectOrder(reject) => lines(&mut keys, reject.order, reject.lines.as_deref()),
        Command::GrantRefund(grant) => {
            let named: Vec<_> = grant.lines.iter().map(|line| line.line).collect();
            lines(&mut keys, grant.order, Some(&named));
        }
        Command::ExpireOrder(expire) => lines(&mut keys, expire.order, None),
        Command::OpenDispute(open) => lines(&mut keys, open.order, Some(&open.lines)),
        Command::DecideDispute(decide) => {
            keys.push(Key::of::<Dispute>(&decide.dispute));
            keys.push(Key::of::<Hold>(&decide.dispute));
        }
        Command::IssueVoucher(issue) => {
            keys.push(Key::of::<Party>(&issue.party));
            keys.push(Key::of::<Claim>(&money::bank_line_name(&claims.exchange, &issue.bank_reference)));
            keys.extend(money::series_keys(issue.asset));
        }
        Command::ChargeFee(charge) => {
            keys.push(Key::of::<Party>(&charge.party));
            keys.push(Key::of::<Claim>(&money::yearly_name(charge)));
            keys.extend(money::series_keys(charge.asset));
        }
        Command::ConstrainAccount(constrain) => keys.push(Key::of::<Account>(&constrain.account)),
        Command::DepositMoney(deposit) => {
            keys.push(Key::of::<Party>(&deposit.party));
            keys.push(Key::of::<Claim>(&money::bank_line_name(&claims.exchange, &deposit.bank_reference)));
            keys.extend(money::series_keys(deposit.asset));
            let funds = AccountId::party(deposit.party, Purpose::Funds, deposit.asset);
            keys.push(Key::of::<Account>(&funds));
        }
        Command::WithdrawMoney(withdraw) => keys.extend(money::series_keys(withdraw.asset)),
        Command::CloseWindow(close) => keys.extend(money::series_keys(close.window.asset)),
        Command::SignWindow(sign) => keys.push(Key::of::<Window>(&sign.head.window)),
        Command::InstructWindow(instruct) => keys.push(Key::of::<Window>(&instruct.window)),
        Command::ConfirmInstruction(confirm) => {
            let window = confirm.instruction.window;
            keys.push(Key::of::<Window>(&window));
            keys.extend(money::series_keys(window.asset));
            keys.push(Key::of::<Claim>(&money::bank_line_name(&claims.exchange, &confirm.bank_reference)));
        }
        Command::AbortWindow(abort) => {
            keys.push(Key::of::<Window>(&abort.window));
            keys.extend(money::series_keys(abort.window.asset));
        }
        Command::OpenBreak(open) => keys.push(Key::of::<Window>(&open.window)),
        Command::AssignBreak(AssignBreak { r#break, .. })
        | Command::AddEvidence(AddEvidence { r#break, .. })
        | Command::ProposeResolution(ProposeResolution { r#break, .. })
        | Command::ApproveResolution(ApproveResolution { r#break, .. })
        | Command::RejectResolution(RejectResolution { r#break, .. })
        | Command::ResolveBreak(ResolveBreak { r#break, .. })
        | Command::WriteOffBreak(WriteOffBreak { r#break, .. })
        | Command::EscalateBreak(EscalateBreak { r#break, .. })
        | Command::CarryBreak(CarryBreak { r#break, .. }) => keys.push(Key::of::<Break>(r#break)),
        Command::IssueCertificate(issue) => {
            keys.push(Key::of::<Party>(&issue.facts.buyer));
            lines(&mut keys, issue.order, None);
        }
    }
    keys
}

fn lines(keys: &mut Vec<Key>, order: OrderId, lines: Option<&[u32]>) {
    keys.push(Key::of::<Order>(&order));
    keys.push(Key::of::<Hold>(&order));
    let licence = |line: &u32| Key::of::<Licence>(&LicenceId { order, line: *line });
    keys.extend(lines.unwrap_or_default().iter().map(licence));
}
