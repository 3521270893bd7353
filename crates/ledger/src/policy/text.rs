//! The text of a policy: lines of words (C2SP tlog-policy, section "Policy file syntax and structure").

use super::{
    POLICY_BYTES_MAX, POLICY_ITEMS_MAX, Policy, PolicyError, PolicyGroup, PolicyLog, PolicyWitness, Quorum,
};
use crate::{encoding::parse_decimal, vkey::VerifierKey};
use std::{collections::BTreeMap, fmt, str::FromStr};

const QUORUM_EXPECTED: &str = "exactly one line `quorum <name>` or `quorum none`";
const TOO_MANY: &str = "at most 256 logs, 256 witnesses and 256 groups";

/// Reads a policy. Narrower than the specification in one point: the file is UTF-8.
impl FromStr for Policy {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let whole = |expected| PolicyError { line: 0, expected };
        if text.len() > POLICY_BYTES_MAX {
            return Err(whole("at most 262144 bytes"));
        }
        let control = |byte| matches!(byte, 0..=0x08 | 0x0b..=0x1f | 0x7f);
        if text.bytes().any(control) {
            return Err(whole("no control characters other than tab and newline"));
        }
        let mut draft = Draft::default();
        let lines = match text.strip_suffix('\n') {
            Some(lines) => lines,
            None if text.is_empty() => "",
            None => return Err(whole("a newline at the end of every line")),
        };
        for (position, line) in lines.split('\n').enumerate() {
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let result = match words.as_slice() {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                words => draft.line(words),
            };
            result.map_err(|expected| PolicyError { line: position + 1, expected })?;
        }
        Ok(Self {
            logs: draft.logs,
            witnesses: draft.witnesses,
            groups: draft.groups,
            quorum: draft.quorum.ok_or(whole(QUORUM_EXPECTED))?,
        })
    }
}

/// The policy so far, and for each name whether it is a member of a group.
#[derive(Default)]
struct Draft {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<PolicyGroup>,
    quorum: Option<Quorum>,
    names: BTreeMap<String, bool>,
}

impl Draft {
    fn line(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match words {
            ["log", key, url @ ..] => self.log(key, url),
            ["witness", name, key, url @ ..] => self.witness(name, key, url),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            _ => Err("`log`, `witness`, `group` or `quorum` with its words"),
        }
    }

    fn log(&mut self, key: &str, url: &[&str]) -> Result<(), &'static str> {
        let log = PolicyLog { key: parse_key(key, false)?, url: parse_url(url)? };
        let key = log.key.key_bytes();
        if self.logs.iter().any(|other| other.key.key_bytes() == key) {
            return Err("each log key once");
        }
        push(&mut self.logs, log)
    }

    fn witness(&mut self, name: &str, key: &str, url: &[&str]) -> Result<(), &'static str> {
        let witness =
            PolicyWitness { name: name.to_owned(), key: parse_key(key, true)?, url: parse_url(url)? };
        let key = witness.key.key_bytes();
        if self.witnesses.iter().any(|other| other.key.key_bytes() == key) {
            return Err("each witness key once");
        }
        self.define(name)?;
        push(&mut self.witnesses, witness)
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), &'static str> {
        if members.is_empty() {
            return Err("`group <name> <all|any|k> <member>...` with at least one member");
        }
        for member in members {
            match self.names.get_mut(*member) {
                None => return Err("members that are defined on lines before"),
                Some(taken) if *taken => return Err("each name as a member once in the whole policy"),
                Some(taken) => *taken = true,
            }
        }
        let threshold = match threshold {
            "all" => Some(members.len()),
            "any" => Some(1),
            digits => parse_decimal(digits).and_then(|k| usize::try_from(k).ok()),
        };
        let threshold = threshold.filter(|k| (1..=members.len()).contains(k));
        let group = PolicyGroup {
            name: name.to_owned(),
            threshold: threshold.ok_or("`all`, `any` or a number from 1 to that of the members")?,
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        self.define(name)?;
        push(&mut self.groups, group)
    }

    fn quorum(&mut self, name: &str) -> Result<(), &'static str> {
        let quorum = match name {
            "none" => Quorum::None,
            name if self.names.contains_key(name) => Quorum::Of(name.to_owned()),
            _ => return Err("a quorum that is defined on a line before"),
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(QUORUM_EXPECTED),
        }
    }

    fn define(&mut self, name: &str) -> Result<(), &'static str> {
        if name == "none" || self.names.insert(name.to_owned(), false).is_some() {
            Err("a name that is not `none` and not defined before")
        } else {
            Ok(())
        }
    }
}

fn parse_key(text: &str, cosigns: bool) -> Result<VerifierKey, &'static str> {
    let key = text.parse().ok().filter(|key: &VerifierKey| key.key_type().cosigns() == cosigns);
    key.ok_or(if cosigns {
        "a verifier key of type 0x04 (cosignature/v1), or 0x06 (ML-DSA-44) where this program knows it"
    } else {
        "a verifier key of type 0x01 (Ed25519)"
    })
}

fn parse_url(words: &[&str]) -> Result<Option<String>, &'static str> {
    match words {
        [] => Ok(None),
        [url] => Ok(Some((*url).to_owned())),
        _ => Err("at most one URL after the key"),
    }
}

fn push<T>(items: &mut Vec<T>, item: T) -> Result<(), &'static str> {
    if items.len() == POLICY_ITEMS_MAX {
        return Err(TOO_MANY);
    }
    items.push(item);
    Ok(())
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = |url: &Option<String>| url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        for log in &self.logs {
            writeln!(f, "log {}{}", log.key, url(&log.url))?;
        }
        for witness in &self.witnesses {
            writeln!(f, "witness {} {}{}", witness.name, witness.key, url(&witness.url))?;
        }
        for group in &self.groups {
            write!(f, "group {} ", group.name)?;
            match group.threshold {
                k if k == group.members.len() => write!(f, "all")?,
                1 => write!(f, "any")?,
                k => write!(f, "{k}")?,
            }
            group.members.iter().try_for_each(|member| write!(f, " {member}"))?;
            writeln!(f)?;
        }
        match &self.quorum {
            Quorum::None => writeln!(f, "quorum none"),
            Quorum::Of(name) => writeln!(f, "quorum {name}"),
        }
    }
}
