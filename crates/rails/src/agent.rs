//! Where an exchange's money is: its settlement bank, its account there, its e-CNY wallet. From configuration.

use databourse_primitives::{ExchangeCode, Line, ParseError, Refusal, RefusalCode, serde_as_string};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(ParseError::new($expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        serde_as_string!($name);
    };
}

code!(
    /// A business identifier code (ISO 9362): `BICFI` of ISO 20022, e.g. `ICBKCNBJSHI`.
    Bic,
    "a BIC of 8 or 11 upper-case letters and digits, letters at 5 and 6",
    |text| {
        let upper = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        matches!(text.len(), 8 | 11)
            && text.as_bytes().iter().all(upper)
            && text.as_bytes()[4..6].iter().all(u8::is_ascii_uppercase)
    }
);
code!(
    /// A bank branch in China's payment system 行号: clearing system `CNAPS` of ISO 20022.
    Cnaps,
    "a CNAPS bank code of 12 digits",
    |text| digits(text, 12)
);
code!(
    /// An e-CNY wallet 钱包编号.
    WalletNumber,
    "a wallet number of 16 digits",
    |text| digits(text, 16)
);
code!(
    /// An account as a bank writes it: 1 to 34 characters (`Max34Text` of ISO 20022), without control characters or
    /// outer spaces.
    AccountNumber,
    "an account of 1 to 34 characters, without control characters or outer spaces",
    |text| (1..=34).contains(&text.chars().count()) && text.trim() == text && text.chars().all(printable)
);
impl From<&WalletNumber> for AccountNumber {
    fn from(wallet: &WalletNumber) -> Self {
        Self(wallet.0.clone())
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether XML 1.0 §2.2 has the character, control characters aside.
pub(crate) fn printable(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// The settlement bank of one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Whose account it is.
    pub exchange: ExchangeCode,
    /// Name of the bank, at most 140 characters.
    pub name: Line,
    /// Name that the account is held under 户名, at most 70 characters.
    pub holder: Line,
    /// The bank's BIC. A bank has this, a CNAPS code, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<Bic>,
    /// The branch's CNAPS code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnaps: Option<Cnaps>,
    /// The account.
    pub account: AccountNumber,
    /// The exchange's e-CNY wallet, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletNumber>,
}

/// The settlement banks of a region's exchanges: one for each exchange, no account and no wallet twice.
/// JSON form: the list of agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Agent>", into = "Vec<Agent>")]
pub struct Directory(BTreeMap<ExchangeCode, Agent>);

impl Directory {
    /// Takes the agents, in any order.
    ///
    /// # Errors
    /// An exchange, account or wallet twice; a bank with neither BIC nor CNAPS code; a name that is too long.
    pub fn new(agents: Vec<Agent>) -> Result<Self, ParseError> {
        let mut directory = BTreeMap::new();
        for agent in agents {
            let shape = (agent.bic.is_some() || agent.cnaps.is_some())
                && [(&agent.name, 140), (&agent.holder, 70)].into_iter().all(|(line, characters_max)| {
                    line.as_str().chars().count() <= characters_max && line.as_str().chars().all(printable)
                });
            if !shape {
                return Err(ParseError::new(
                    "a `bic`, a `cnaps` or both; `name` of at most 140 and `holder` of at most 70 characters",
                ));
            }
            let taken = directory.values().any(|other: &Agent| {
                other.account == agent.account || (agent.wallet.is_some() && other.wallet == agent.wallet)
            });
            if taken || directory.insert(agent.exchange.clone(), agent).is_some() {
                return Err(ParseError::new("each exchange, account and wallet once"));
            }
        }
        Ok(Self(directory))
    }

    /// The agent of an exchange.
    ///
    /// # Errors
    /// `exchange.unknown`.
    pub fn agent(&self, exchange: &ExchangeCode) -> Result<&Agent, Refusal> {
        let unknown = || {
            let expected = format!("an exchange whose settlement bank is configured, not {exchange}");
            Refusal::new(RefusalCode::ExchangeUnknown, "", expected)
        };
        self.0.get(exchange).ok_or_else(unknown)
    }

    /// The agents in the order of their exchanges' codes.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.0.values()
    }

    /// The agent whose bank account it is.
    pub fn by_account(&self, account: &str) -> Option<&Agent> {
        self.agents().find(|agent| agent.account.as_str() == account)
    }

    /// The agent whose wallet it is.
    pub fn by_wallet(&self, wallet: &str) -> Option<&Agent> {
        self.agents().find(|agent| agent.wallet.as_ref().is_some_and(|own| own.as_str() == wallet))
    }
}

impl TryFrom<Vec<Agent>> for Directory {
    type Error = ParseError;
    fn try_from(agents: Vec<Agent>) -> Result<Self, ParseError> {
        Self::new(agents)
    }
}

impl From<Directory> for Vec<Agent> {
    fn from(directory: Directory) -> Self {
        directory.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr>(text: &str, accepted: bool) {
        assert_eq!(text.parse::<T>().is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn names_of_banks_and_accounts_have_their_shapes() {
        check::<Bic>("ICBKCNBJ", true);
        check::<Bic>("ICBKCNBJSHI", true);
        check::<Bic>("ICBKCNBJSH", false);
        check::<Bic>("ICBK1NBJ", false);
        check::<Bic>("icbkcnbj", false);
        check::<Bic>("数数ICBKCN", false);
        check::<Cnaps>("102290000013", true);
        check::<Cnaps>("10229000001", false);
        check::<WalletNumber>("0022000000000001", true);
        check::<WalletNumber>("002200000000000x", false);
        check::<AccountNumber>("1001 2000-3", true);
        check::<AccountNumber>(" 1", false);
        check::<AccountNumber>("", false);
        check::<AccountNumber>("1\u{ffff}", false);
        check::<AccountNumber>(&"1".repeat(35), false);
    }

    #[test]
    fn a_directory_names_every_bank_and_no_account_twice() {
        let agent = |exchange: &str, account: &str, wallet: &str| {
            format!(
                r#"{{"exchange":"{exchange}","name":"B","holder":"H","bic":"ICBKCNBJ","account":"{account}","wallet":"{wallet}"}}"#
            )
        };
        let read = |agents: &[String]| {
            serde_json::from_str::<Directory>(&format!("[{}]", agents.join(",")))
                .map_err(|error| error.to_string())
        };
        let (one, two) = (agent("sh", "1", "0022000000000001"), agent("zj", "2", "0022000000000002"));
        let directory = read(&[two.clone(), one.clone()]).unwrap();
        assert_eq!(serde_json::to_string(&directory).unwrap(), format!("[{one},{two}]"));
        assert_eq!(directory.by_account("0022000000000002"), None);
        assert_eq!(directory.by_wallet("0022000000000002").unwrap().exchange.as_str(), "zj");
        for other in [
            agent("sh", "3", "0022000000000003"),
            agent("js", "1", "0022000000000003"),
            agent("js", "3", "0022000000000001"),
        ] {
            assert!(read(&[one.clone(), other]).unwrap_err().contains("once"));
        }
        assert!(read(&[one.replace(r#""bic":"ICBKCNBJ","#, "")]).unwrap_err().contains("cnaps"));
        assert!(read(&[one.replace(r#""H""#, &format!("{:?}", "H".repeat(71)))]).is_err());
    }
}
