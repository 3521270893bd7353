//! Where a command goes: the endpoint of its noun, and the body without what the path already names.

use databourse_market::Command;
use databourse_primitives::ParseError;
use serde_json::Value;

/// A path to POST to and the body to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The path, from `/v1/`.
    pub path: String,
    /// The body.
    pub body: Value,
}

impl Endpoint {
    /// The endpoint of `command`.
    ///
    /// # Errors
    /// A command that nobody sends so: `region.found`, which founds a ledger, `window.sign`, whose head a node computes,
    /// and those of membership and of snapshots, which are signed with an exchange's own key.
    pub fn of(command: &Command) -> Result<Self, serde_json::Error> {
        let body: Value = serde_json::from_str(&command.to_json()?)?;
        Ok(match command {
            Command::FoundRegion(_) => {
                return Err(serde::ser::Error::custom(ParseError::new(
                    "any command but `region.found`, which founds a ledger and has no endpoint",
                )));
            }
            Command::ProposeChange(_)
            | Command::CastVote(_)
            | Command::ReportMisbehaviour(_)
            | Command::DepartRegion(_)
            | Command::CloseLedger(_)
            | Command::OrderSnapshot(_)
            | Command::AttestSnapshot(_) => {
                return Err(serde::ser::Error::custom(ParseError::new(
                    "a command with an endpoint of its own; those of exchanges about their region are signed and sent as entries",
                )));
            }
            Command::SignWindow(_) => {
                return Err(serde::ser::Error::custom(ParseError::new(
                    "a command with an endpoint of its own; a node computes the heads that it signs",
                )));
            }
            Command::RecordAnchor(_) => Self::plain("/v1/anchors", body),
            Command::PublishTax(_) => Self::plain("/v1/tax-tables", body),
            Command::PublishSchedule(_) => Self::plain("/v1/schedules", body),
            Command::CertifyParty(_) => Self::plain("/v1/parties", body),
            Command::ReplacePartyKeys(_) => Self::nested("/v1/parties", body, "party", "keys"),
            Command::RevokeParty(_) => Self::nested("/v1/parties", body, "party", "revocation"),
            Command::RegisterRight(_) => Self::plain("/v1/rights", body),
            Command::ListProduct(_) => Self::plain("/v1/products", body),
            Command::ReviseProduct(_) => Self::nested("/v1/products", body, "product", "revisions"),
            Command::PauseProduct(_) => Self::nested("/v1/products", body, "product", "pause"),
            Command::ResumeProduct(_) => Self::nested("/v1/products", body, "product", "resume"),
            Command::DelistProduct(_) => Self::nested("/v1/products", body, "product", "delisting"),
            Command::PublishShares(_) => Self::nested("/v1/products", body, "product", "shares"),
            Command::PublishOffer(_) => Self::plain("/v1/offers", body),
            Command::WithdrawOffer(_) => Self::nested("/v1/offers", body, "offer", "withdrawal"),
            Command::PlaceOrder(_) => Self::plain("/v1/orders", body),
            Command::RecordDelivery(_) => Self::plain("/v1/deliveries", body),
            Command::AcceptOrder(_) => Self::nested("/v1/orders", body, "order", "acceptance"),
            Command::RejectOrder(_) => Self::nested("/v1/orders", body, "order", "rejection"),
            Command::ExpireOrder(_) => Self::nested("/v1/orders", body, "order", "expiry"),
            Command::OpenDispute(_) => Self::plain("/v1/disputes", body),
            Command::DecideDispute(_) => Self::nested("/v1/disputes", body, "dispute", "decision"),
            Command::IssueVoucher(_) => Self::plain("/v1/vouchers", body),
            Command::ChargeFee(_) => Self::plain("/v1/fees", body),
            Command::GrantRefund(_) => Self::plain("/v1/refunds", body),
            Command::DepositMoney(_) => Self::plain("/v1/accounts/deposits", body),
            Command::WithdrawMoney(_) => Self::plain("/v1/accounts/withdrawals", body),
            Command::ConstrainAccount(_) => Self::constraint(body),
            Command::CloseWindow(_) => Self::of_window(body, "closing"),
            Command::InstructWindow(_) => Self::of_window(body, "instructions"),
            Command::AbortWindow(_) => Self::of_window(body, "abortion"),
            Command::ConfirmInstruction(_) => Self::confirmation(body),
            Command::OpenBreak(_) => Self::plain("/v1/breaks", without_person(body)),
            Command::AssignBreak(_) => Self::of_break(body, "assignment"),
            Command::AddEvidence(_) => Self::of_break(body, "evidence"),
            Command::ProposeResolution(_) => Self::of_break(body, "proposal"),
            Command::ApproveResolution(_) => Self::of_break(body, "approval"),
            Command::RejectResolution(_) => Self::of_break(body, "rejection"),
            Command::ResolveBreak(_) => Self::of_break(body, "resolution"),
            Command::WriteOffBreak(_) => Self::of_break(body, "write-off"),
            Command::EscalateBreak(_) => Self::of_break(body, "escalation"),
            Command::CarryBreak(_) => Self::of_break(body, "carry"),
            Command::IssueCertificate(issue) => {
                Self::plain("/v1/certificates", serde_json::json!({ "order": issue.order }))
            }
        })
    }

    fn plain(path: &str, body: Value) -> Self {
        Self { path: path.to_owned(), body }
    }

    /// `<parent>/<id>/<verb>`; the id moves from the body's `member` into the path.
    fn nested(parent: &str, mut body: Value, member: &str, verb: &str) -> Self {
        let id = taken(&mut body, member);
        Self { path: format!("{parent}/{id}/{verb}"), body }
    }

    /// `CNY/2#7` is at `/v1/windows/CNY-2/7`.
    fn of_window(mut body: Value, verb: &str) -> Self {
        let window = taken(&mut body, "window");
        Self { path: format!("/v1/windows/{}/{verb}", slug(&window)), body }
    }

    /// `CNY/2#7/1` is at `/v1/windows/CNY-2/7/instructions/1`.
    fn confirmation(mut body: Value) -> Self {
        let instruction = taken(&mut body, "instruction");
        let (window, number) = instruction.rsplit_once('/').unwrap_or_default();
        Self { path: format!("/v1/windows/{}/instructions/{number}/confirmation", slug(window)), body }
    }

    /// `exchange:sh:fees:CNY/2` is at `/v1/accounts/exchange:sh:fees:CNY-2`.
    fn constraint(mut body: Value) -> Self {
        let account = taken(&mut body, "account");
        Self { path: format!("/v1/accounts/{}/constraint", account.replace('/', "-")), body }
    }

    /// The person is whoever the token names.
    fn of_break(body: Value, verb: &str) -> Self {
        Self::nested("/v1/breaks", without_person(body), "break", verb)
    }
}

/// The body of a command about a break, without the person: that is whoever the token names.
pub(crate) fn without_person(mut body: Value) -> Value {
    taken(&mut body, "person");
    body
}

/// Takes a member that is text out of a body.
fn taken(body: &mut Value, member: &str) -> String {
    let value = body.as_object_mut().and_then(|members| members.remove(member));
    value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn slug(window: &str) -> String {
    window.replace('/', "-").replace('#', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const V7: &str = "019aa2b4-5c00-7000-8000-000000000001";

    #[track_caller]
    fn check(entry_type: &str, body: &str, path: &str, sent: &str) {
        let command = Command::from_json(entry_type, body).unwrap();
        let endpoint = Endpoint::of(&command).unwrap();
        assert_eq!((endpoint.path.as_str(), endpoint.body.to_string().as_str()), (path, sent));
    }

    #[test]
    fn what_the_path_names_is_not_said_twice() {
        let order = format!(r#"{{"order":"{V7}","lines":[1]}}"#);
        check("order.accept", &order, &format!("/v1/orders/{V7}/acceptance"), r#"{"lines":[1]}"#);
        let window = r#"{"window":"CNY/2#7"}"#;
        check("window.close", window, "/v1/windows/CNY-2/7/closing", "{}");
        let abort = r#"{"window":"CNY/2#7","reason":"bank closed"}"#;
        check("window.abort", abort, "/v1/windows/CNY-2/7/abortion", r#"{"reason":"bank closed"}"#);
        let arrived = r#"{"instruction":"CNY/2#7/1","bank_reference":"b1","received_minor":5}"#;
        let sent = r#"{"bank_reference":"b1","received_minor":5}"#;
        check("instruction.confirm", arrived, "/v1/windows/CNY-2/7/instructions/1/confirmation", sent);
        let approve = format!(r#"{{"break":"{V7}","person":"li.na"}}"#);
        check("break.approve", &approve, &format!("/v1/breaks/{V7}/approval"), "{}");
        let money = r#"{"asset":"CNY/2","amount_minor":5}"#;
        check("account.withdraw", money, "/v1/accounts/withdrawals", r#"{"amount_minor":5,"asset":"CNY/2"}"#);
    }
}
