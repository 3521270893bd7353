//! Which logs are witnessed, and with which keys: lines of a trust policy (C2SP tlog-policy), or a list of the public
//! witness network (its log-list format, `logs/v0`).

use databourse_ledger::VerifierKey;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The longest list in bytes: about 100,000 logs.
pub const LOG_LIST_BYTES_MAX: usize = 33_554_432;

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogListError {
    /// The failing line, from 1; 0 if the list as a whole is meant.
    pub line: usize,
    /// What would have been accepted.
    pub expected: &'static str,
}

impl fmt::Display for LogListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "the list of logs: expected {}", self.expected),
            line => write!(f, "line {line} of the list of logs: expected {}", self.expected),
        }
    }
}

impl std::error::Error for LogListError {}

/// The logs of a witness by origin, each with the keys that sign its checkpoints. Reads either text:
///
/// - `log <vkey> [<url>]` lines, as in a policy; the origin is the key's name. Several keys of one name sign for one log.
///   `witness`, `group` and `quorum` lines are passed over: they say what a reader trusts, not what a witness signs.
/// - after a line `logs/v0`: for each log `vkey`, `origin` if it is not the key's name, `qpd`, `contact`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogList(BTreeMap<String, Vec<VerifierKey>>);

impl LogList {
    /// The logs in the order of their origins, each with at least one key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[VerifierKey])> {
        self.0.iter().map(|(origin, keys)| (origin.as_str(), keys.as_slice()))
    }

    fn add(&mut self, origin: &str, key: VerifierKey) -> Result<(), &'static str> {
        let keys = self.0.entry(origin.to_owned()).or_default();
        if keys.contains(&key) {
            return Err("each key once");
        }
        keys.push(key);
        Ok(())
    }
}

impl FromStr for LogList {
    type Err = LogListError;
    fn from_str(text: &str) -> Result<Self, LogListError> {
        if text.len() > LOG_LIST_BYTES_MAX {
            return Err(LogListError { line: 0, expected: "at most 33554432 bytes" });
        }
        let lines = text.lines().enumerate().map(|(position, line)| (position + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
        let mut list = Self::default();
        if lines.next_if(|(_, line)| *line == "logs/v0").is_some() {
            list.network(&mut lines)?;
        } else {
            for (line, text) in lines {
                list.policy_line(text).map_err(|expected| LogListError { line, expected })?;
            }
        }
        if list.0.is_empty() {
            return Err(LogListError { line: 0, expected: "at least one log" });
        }
        Ok(list)
    }
}

impl LogList {
    fn policy_line(&mut self, text: &str) -> Result<(), &'static str> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["log", key] | ["log", key, _] => {
                let key = parse_key(key)?;
                let name = key.name().to_owned();
                self.add(&name, key)
            }
            ["witness" | "group" | "quorum", ..] => Ok(()),
            _ => Err("`log <vkey> [<url>]`"),
        }
    }

    fn network<'a>(
        &mut self,
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<(), LogListError> {
        let mut open: Option<Listed> = None;
        let mut last = 0;
        for (line, text) in lines {
            last = line;
            let failed = |expected| LogListError { line, expected };
            let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
            let rest = rest.trim_start();
            let listed = match (word, open.take()) {
                ("vkey", None) => {
                    let key = parse_key(rest).map_err(failed)?;
                    Listed { origin: key.name().to_owned(), key, is_named: false, is_limited: false }
                }
                ("origin", Some(log)) if !log.is_named && !log.is_limited && !rest.is_empty() => {
                    Listed { origin: rest.to_owned(), is_named: true, ..log }
                }
                ("qpd", Some(log)) if !log.is_limited => {
                    crate::request::parse_size(rest)
                        .filter(|per_day| (1..1 << 31).contains(per_day))
                        .ok_or_else(|| failed("`qpd` with a number from 1 to 2147483647"))?;
                    Listed { is_limited: true, ..log }
                }
                ("contact", Some(log)) if log.is_limited => {
                    self.add(&log.origin, log.key).map_err(failed)?;
                    continue;
                }
                _ => {
                    return Err(failed(
                        "`vkey`, perhaps `origin`, `qpd` and `contact` of each log, in this order",
                    ));
                }
            };
            open = Some(listed);
        }
        match open {
            None => Ok(()),
            Some(_) => Err(LogListError { line: last, expected: "`qpd` and `contact` after it" }),
        }
    }
}

/// A log of a network's list that is not complete yet.
struct Listed {
    key: VerifierKey,
    origin: String,
    is_named: bool,
    is_limited: bool,
}

fn parse_key(text: &str) -> Result<VerifierKey, &'static str> {
    text.parse().map_err(|_| "a verifier key `<name>+<8 hex digits>+<base64>`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOO: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const LOG: &str = "log.example.org+0a72cd63+AV2yLmzeBL9B3zFJNqal0JuqxiFve0m/eqmT1+KkLVeC";

    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], usize>) {
        let read = text.parse::<LogList>();
        let origins = read.as_ref().map(|list| list.iter().map(|(origin, _)| origin).collect::<Vec<_>>());
        let origins = origins.as_deref().map_err(|error| error.line);
        assert_eq!(origins, expected, "{text}: {read:?}");
    }

    #[test]
    fn both_texts_are_read() {
        check(
            &format!("log {FOO} https://a.example\n# x\n\nlog {LOG}\nquorum none\n"),
            Ok(&["example.com/foo", "log.example.org"]),
        );
        check(
            &format!(
                "#\nlogs/v0\nvkey {FOO}\nqpd 24\ncontact me at b\n\nvkey {LOG}\norigin go.sum database tree\nqpd 1\ncontact x"
            ),
            Ok(&["example.com/foo", "go.sum database tree"]),
        );
        check("", Err(0));
        check("quorum none\n", Err(0));
        check(&format!("log {FOO}\nlog {FOO}\n"), Err(2));
        check(&format!("log {FOO} a b\n"), Err(1));
        check("log x\n", Err(1));
        check(&format!("logs/v0\nvkey {FOO}\nqpd 0\ncontact x\n"), Err(3));
        check(&format!("logs/v0\nvkey {FOO}\nqpd 1\n"), Err(3));
        check(&format!("logs/v0\nvkey {FOO}\ncontact x\n"), Err(3));
        check(&format!("logs/v0\nqpd 1\nvkey {FOO}\ncontact x\n"), Err(2));
        check(&format!("logs/v0\nvkey {FOO}\nqpd 1\norigin a\ncontact x\n"), Err(4));
    }
}
