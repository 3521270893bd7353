//! The reader's language: Chinese or English, by choice or by what the browser asks for.

use axum::http::{HeaderMap, header};

/// A language of the console. Every text of a page is given in both, side by side, where it is used: what is not
/// translated does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The cookie that remembers a choice. It says nothing about who has it, so all exchanges of a host share it.
    pub(crate) const COOKIE: &str = "databourse_language";

    /// The one of two that is in this language.
    pub(crate) fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The language tag (RFC 5646) of a page.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// The short name in cookies and paths.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Reads [`Self::code`].
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        [Self::Zh, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// What a request asks for: the chosen language, else the first of `Accept-Language` that the console speaks, else
    /// Chinese.
    pub(crate) fn of_request(headers: &HeaderMap, chosen: Option<&str>) -> Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen.and_then(Self::of_code).or_else(|| Self::preferred(asked?)).unwrap_or(Self::Zh)
    }

    /// Browsers list languages in the order of preference, so their weights need not be read.
    fn preferred(accepted: &str) -> Option<Self> {
        accepted.split(',').find_map(|range| {
            let tag = range.split(';').next()?.trim().to_ascii_lowercase();
            Self::of_code(tag.split('-').next()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chosen: Option<&str>, accepted: Option<&str>, expected: Lang) {
        let mut headers = HeaderMap::new();
        if let Some(accepted) = accepted {
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
        }
        assert_eq!(Lang::of_request(&headers, chosen), expected, "{chosen:?} {accepted:?}");
    }

    #[test]
    fn a_choice_counts_before_the_browser() {
        check(None, None, Lang::Zh);
        check(None, Some("en-GB,en;q=0.9,zh;q=0.8"), Lang::En);
        check(None, Some("de,zh-CN;q=0.5"), Lang::Zh);
        check(None, Some("fr"), Lang::Zh);
        check(Some("en"), Some("zh-CN"), Lang::En);
        check(Some("xx"), Some("en"), Lang::En);
    }
}
