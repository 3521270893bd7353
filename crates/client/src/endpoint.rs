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
    /// A command without an endpoint of its own: `region.found`, which founds a ledger, and those that go to
    /// `/v1/commands` only.
    pub fn of(command: &Command) -> Result<Self, serde_json::Error> {
        let body: Value = serde_json::from_str(&command.to_json()?)?;
        Ok(match command {
            Command::FoundRegion(_) => {
                return Err(serde::ser::Error::custom(ParseError::new(
                    "any command but `region.found`, which founds a ledger and has no endpoint",
                )));
            }
            Command::PublishTax(_)
            | Command::PublishShares(_)
            | Command::ExpireOrder(_)
            | Command::OpenDispute(_)
            | Command::DecideDispute(_)
            | Command::IssueVoucher(_)
            | Command::ChargeFee(_)
            | Command::ConstrainAccount(_)
            | Command::SignWindow(_)
            | Command::InstructWindow(_)
            | Command::ConfirmInstruction(_)
            | Command::AbortWindow(_)
            | Command::OpenBreak(_)
            | Command::AssignBreak(_)
            | Command::AddEvidence(_)
            | Command::ProposeResolution(_)
            | Command::ApproveResolution(_)
            | Command::RejectResolution(_)
            | Command::ResolveBreak(_)
            | Command::WriteOffBreak(_)
            | Command::EscalateBreak(_)
            | Command::CarryBreak(_) => {
                return Err(serde::ser::Error::custom(ParseError::new(
                    "a command with an endpoint of its own; send this one to `/v1/commands`",
                )));
            }
            Command::PublishSchedule(_) => Self::plain("/v1/schedules", body),
            Command::CertifyParty(_) => Self::plain("/v1/parties", body),
            Command::RevokeParty(_) => Self::nested("/v1/parties", body, "party", "revocation"),
            Command::RegisterRight(_) => Self::plain("/v1/rights", body),
            Command::ListProduct(_) => Self::plain("/v1/products", body),
            Command::ReviseProduct(_) => Self::nested("/v1/products", body, "product", "revisions"),
            Command::PauseProduct(_) => Self::nested("/v1/products", body, "product", "pause"),
            Command::ResumeProduct(_) => Self::nested("/v1/products", body, "product", "resume"),
            Command::DelistProduct(_) => Self::nested("/v1/products", body, "product", "delisting"),
            Command::PublishOffer(_) => Self::plain("/v1/offers", body),
            Command::WithdrawOffer(_) => Self::nested("/v1/offers", body, "offer", "withdrawal"),
            Command::PlaceOrder(_) => Self::plain("/v1/orders", body),
            Command::RecordDelivery(_) => Self::plain("/v1/deliveries", body),
            Command::AcceptOrder(_) => Self::nested("/v1/orders", body, "order", "acceptance"),
            Command::RejectOrder(_) => Self::nested("/v1/orders", body, "order", "rejection"),
            Command::GrantRefund(_) => Self::plain("/v1/refunds", body),
            Command::DepositMoney(_) => Self::plain("/v1/accounts/deposits", body),
            Command::WithdrawMoney(_) => Self::plain("/v1/accounts/withdrawals", body),
            Command::CloseWindow(_) => Self::closing(body),
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
        let id = body.as_object_mut().and_then(|members| members.remove(member));
        let id = id.as_ref().and_then(Value::as_str).unwrap_or_default();
        Self { path: format!("{parent}/{id}/{verb}"), body }
    }

    /// `CNY/2#7` is `/v1/windows/CNY-2/7/closing`.
    fn closing(mut body: Value) -> Self {
        let window = body.as_object_mut().and_then(|members| members.remove("window"));
        let window = window.as_ref().and_then(Value::as_str).unwrap_or_default();
        let path = format!("/v1/windows/{}/closing", window.replace('/', "-").replace('#', "/"));
        Self { path, body }
    }
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
        let money = r#"{"asset":"CNY/2","amount_minor":5}"#;
        check("account.withdraw", money, "/v1/accounts/withdrawals", r#"{"amount_minor":5,"asset":"CNY/2"}"#);
    }
}
