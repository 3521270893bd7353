//! Cookies (RFC 6265): read one, write one.

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of the cookie `name`, if the request has one.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        pair.trim().split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value)
    })
}

/// A cookie that scripts cannot read and that other sites' requests do not carry, but for following a link here.
///
/// `value` is of the characters that a cookie may have; nothing is escaped.
pub(crate) fn set(name: &str, value: &str, path: &str, lives_s: i64, is_https: bool) -> Option<HeaderValue> {
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={lives_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

/// Takes the cookie away.
pub(crate) fn unset(name: &str, path: &str, is_https: bool) -> Option<HeaderValue> {
    set(name, "", path, 0, is_https)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "ab=1; a=2".parse().unwrap());
        headers.append(header::COOKIE, "c=3=4".parse().unwrap());
        let read = |name| value(&headers, name);
        assert_eq!((read("a"), read("ab"), read("b"), read("c")), (Some("2"), Some("1"), None, Some("3=4")));
    }

    #[test]
    fn a_cookie_is_not_for_scripts_nor_for_other_sites() {
        let text = set("a", "b", "/", 60, true).unwrap();
        assert_eq!(text, "a=b; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(!set("a", "b", "/", 60, false).unwrap().to_str().unwrap().contains("Secure"));
        assert!(unset("a", "/", false).unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}
