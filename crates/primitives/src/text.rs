//! Bounded text. Everything that people type passes through one of these, so nothing unbounded enters the ledger.

use crate::{ParseError, serde_as_string};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// One line of text: 1 to 300 characters, no control characters, no white space at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(Box<str>);

impl Line {
    /// The longest line, in characters.
    pub const CHARACTERS_MAX: usize = 300;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Line {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let shape = !text.is_empty()
            && text.chars().count() <= Self::CHARACTERS_MAX
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if shape {
            Ok(Self(text.into()))
        } else {
            Err(ParseError::new(
                "one line of 1 to 300 characters, without control characters or outer spaces",
            ))
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
serde_as_string!(Line);

/// A short machine-made name: 1 to 64 of `a-z A-Z 0-9 . _ : / -`. For references, keywords of code lists, scenarios.
/// Copies share the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(ParseError::new("a label of 1 to 64 letters, digits or `. _ : / -`"))
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
serde_as_string!(Label);

/// The same words in Chinese and English. At least one is present; each up to 4,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BilingualParts", into = "BilingualParts")]
pub struct BilingualText {
    zh: Option<Box<str>>,
    en: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BilingualParts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zh: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    en: Option<Box<str>>,
}

impl BilingualText {
    /// The longest text of each language, in characters.
    pub const CHARACTERS_MAX: usize = 4_000;

    /// Puts the two languages together; a missing language is `None`.
    ///
    /// # Errors
    /// Both missing, one empty, too long, or with control characters other than line breaks and tabs.
    pub fn new(zh: Option<&str>, en: Option<&str>) -> Result<Self, ParseError> {
        BilingualParts { zh: zh.map(Into::into), en: en.map(Into::into) }.try_into()
    }

    /// The Chinese words, if given.
    pub fn zh(&self) -> Option<&str> {
        self.zh.as_deref()
    }

    /// The English words, if given.
    pub fn en(&self) -> Option<&str> {
        self.en.as_deref()
    }

    /// English if given, else Chinese: for logs and certificates that have room for one.
    pub fn any(&self) -> &str {
        self.en().or(self.zh()).unwrap_or_default()
    }
}

impl TryFrom<BilingualParts> for BilingualText {
    type Error = ParseError;
    fn try_from(parts: BilingualParts) -> Result<Self, ParseError> {
        let valid = |text: &str| {
            !text.trim().is_empty()
                && text.chars().count() <= Self::CHARACTERS_MAX
                && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
        };
        let given: Vec<&str> = [&parts.zh, &parts.en].into_iter().flatten().map(|text| &**text).collect();
        if !given.is_empty() && given.into_iter().all(valid) {
            Ok(Self { zh: parts.zh, en: parts.en })
        } else {
            Err(ParseError::new(
                "text in `zh`, `en` or both, each 1 to 4000 characters without control characters",
            ))
        }
    }
}

impl From<BilingualText> for BilingualParts {
    fn from(text: BilingualText) -> Self {
        Self { zh: text.zh, en: text.en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded() {
        assert!("上海数据交易所".parse::<Line>().is_ok());
        assert!("x".repeat(301).parse::<Line>().is_err());
        assert!("数".repeat(300).parse::<Line>().is_ok());
        for bad in ["", " a", "a\n", "a\u{0}b"] {
            assert!(bad.parse::<Line>().is_err(), "{bad:?} should be refused");
        }
        assert!("bank:2026/000-1".parse::<Label>().is_ok());
        for bad in ["", "a b", "数", &"x".repeat(65)] {
            assert!(bad.parse::<Label>().is_err(), "{bad:?} should be refused");
        }
    }

    #[test]
    fn one_language_is_enough_and_none_is_too_few() {
        assert!(BilingualText::new(Some("气象"), None).is_ok());
        assert!(BilingualText::new(None, None).is_err());
        assert!(BilingualText::new(Some(" "), Some("Weather")).is_err());
        let json = serde_json::to_string(&BilingualText::new(None, Some("Weather")).unwrap()).unwrap();
        assert_eq!(json, r#"{"en":"Weather"}"#);
        assert!(serde_json::from_str::<BilingualText>(r#"{"en":"Weather","fr":"Temps"}"#).is_err());
    }
}
