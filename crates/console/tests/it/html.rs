//! Pages as a browser without scripts has them: their visible text, and forms to fill in.

/// A tag with its attributes, or text.
enum Token {
    Open { name: String, attributes: Vec<(String, String)> },
    Close(String),
    Text(String),
}

/// What the form that is posted to `action` would send as it stands.
pub(crate) fn form(html: &str, action: &str) -> Option<Vec<(String, String)>> {
    let mut fields: Option<Vec<(String, String)>> = None;
    // The select or textarea that is open: its name, what it would send, and whether that was chosen.
    let mut open: Option<(String, Option<String>, bool)> = None;
    let mut is_text = false;
    for token in tokens(html) {
        match token {
            Token::Open { name, attributes } => {
                let get = |wanted: &str| {
                    attributes.iter().find(|(known, _)| known == wanted).map(|(_, value)| value.clone())
                };
                let is_sent =
                    get("method").as_deref() == Some("post") && get("action").as_deref() == Some(action);
                if name == "form" && fields.is_none() && is_sent {
                    fields = Some(Vec::new());
                }
                let Some(fields) = &mut fields else { continue };
                match name.as_str() {
                    "input" => {
                        let kind = get("type").unwrap_or_default();
                        let is_sent =
                            !matches!(kind.as_str(), "checkbox" | "radio") || get("checked").is_some();
                        if let (true, Some(name)) = (is_sent, get("name")) {
                            fields.push((name, get("value").unwrap_or_default()));
                        }
                    }
                    "select" => (open, is_text) = (get("name").map(|name| (name, None, false)), false),
                    "textarea" => {
                        (open, is_text) = (get("name").map(|name| (name, Some(String::new()), true)), true)
                    }
                    "option" => {
                        if let Some((_, value, is_chosen)) = &mut open {
                            let is_selected = get("selected").is_some();
                            if is_selected || (value.is_none() && !*is_chosen) {
                                (*value, *is_chosen) = (get("value"), is_selected);
                            }
                        }
                    }
                    _ => {}
                }
            }
            Token::Close(name) => {
                if name == "select" || name == "textarea" {
                    if let (Some(fields), Some((name, Some(value), _))) = (&mut fields, open.take()) {
                        fields.push((name, value));
                    }
                } else if name == "form" && fields.is_some() {
                    return fields;
                }
            }
            Token::Text(text) => {
                if let (true, Some((_, Some(value), _))) = (is_text, &mut open) {
                    value.push_str(&text);
                }
            }
        }
    }
    None
}

/// What a reader sees: texts with one space between them, without scripts and styles.
pub(crate) fn visible(html: &str) -> String {
    let mut words = Vec::new();
    let mut hidden = None;
    for token in tokens(html) {
        match token {
            Token::Open { name, .. } if hidden.is_none() && (name == "script" || name == "style") => {
                hidden = Some(name)
            }
            Token::Close(name) if hidden.as_ref() == Some(&name) => hidden = None,
            Token::Text(text) if hidden.is_none() => {
                words.extend(text.split_whitespace().map(str::to_owned));
            }
            _ => {}
        }
    }
    words.join(" ")
}

fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            tokens.push(Token::Text(unescaped(&rest[..start])));
        }
        let Some(length) = rest[start..].find('>') else { break };
        let tag = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            tokens.push(Token::Close(name.trim().to_ascii_lowercase()));
        } else if !tag.starts_with('!') {
            let name = tag.split(|character: char| character.is_whitespace() || character == '/').next();
            let name = name.unwrap_or_default();
            tokens.push(Token::Open {
                name: name.to_ascii_lowercase(),
                attributes: attributes(&tag[name.len()..]),
            });
        }
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(unescaped(rest)));
    }
    tokens
}

/// The console writes attributes as `name="value"`, or the name alone.
fn attributes(text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end =
            rest.find(|character: char| character.is_whitespace() || character == '=').unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                rest = quoted.get(end + 1..).unwrap_or_default();
                unescaped(&quoted[..end])
            }
            None => {
                rest = rest.get(1..).unwrap_or_default();
                String::new()
            }
        };
        attributes.push((name, value));
        rest = rest.trim_start();
    }
    attributes
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn a_form_is_read_as_a_browser_would_send_it() {
    let html = r#"<form action="/b"><input name="x" value="0"></form><form method="post" action="/a"><input type="hidden" name="k" value="1&amp;2"><input name="e">
        <input type="checkbox" name="c" value="on"><select name="s"><option value="p">P</option><option value="q" selected>Q</option></select><textarea name="t">a &lt; b</textarea></form>"#;
    let fields: Vec<_> = form(html, "/a").unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(fields, [pair("k", "1&2"), pair("e", ""), pair("s", "q"), pair("t", "a < b")]);
    assert!(form(html, "/c").is_none());
    assert_eq!(visible("<p>one <b>two</b><script>three()</script> &lt;four"), "one two <four");
}
