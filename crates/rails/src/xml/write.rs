//! The writer: elements in the order of the calls, indented, in UTF-8.

use quick_xml::escape::escape;

/// A document in the making.
pub(crate) struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// A document of a namespace.
    pub(crate) fn new(namespace: &str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{namespace}\">\n");
        Self { text, open: vec!["Document"] }
    }

    /// An element of elements: `inside` writes them.
    pub(crate) fn element(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        self.text.extend(["<", name, ">\n"]);
        self.open.push(name);
        inside(self);
        self.close();
    }

    /// An element of elements with one element in it, and so on; the last has `text`.
    pub(crate) fn path(&mut self, path: &[&'static str], text: &str) {
        match path {
            [] => {}
            [name] => self.leaf(name, text),
            [name, rest @ ..] => self.element(name, |writer| writer.path(rest, text)),
        }
    }

    /// An element of text.
    pub(crate) fn leaf(&mut self, name: &str, text: &str) {
        self.indent();
        self.text.extend(["<", name, ">", &escape(text), "</", name, ">\n"]);
    }

    /// An amount with its currency.
    pub(crate) fn amount(&mut self, name: &str, currency: &str, amount: &str) {
        self.indent();
        self.text.extend(["<", name, " Ccy=\"", currency, "\">", amount, "</", name, ">\n"]);
    }

    /// The document.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.into_bytes()
    }

    fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.text.extend(["</", name, ">\n"]);
        }
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}
