//! The bounded reader: from text to a tree, or a refusal.

use super::{
    names::known,
    tree::{NONE, Node, Tree},
};
use crate::malformed;
use databourse_primitives::Refusal;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
    name::PrefixDeclaration,
};

/// Elements in elements; messages have about 20.
const DEPTH_MAX: usize = 64;
/// Elements that are kept: about 30,000 entries.
const ELEMENTS_MAX: usize = 1_000_000;
/// Attributes of one element, and namespaces in force at one place.
const ATTRIBUTES_MAX: usize = 64;

/// A place where a namespace was declared: its depth, its prefix, and whether it is the message's.
struct Binding {
    depth: usize,
    prefix: Box<str>,
    is_message: bool,
}

impl Tree {
    /// Reads `text`. `accepts` says whether a namespace is one of a message that the caller reads, which is `expected`.
    pub(crate) fn parse(
        text: &str,
        accepts: fn(&str) -> bool,
        expected: &'static str,
    ) -> Result<Self, Refusal> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let mut builder = Builder {
            tree: Self { nodes: Vec::new(), namespace: String::new() },
            open: Vec::new(),
            depth: 0,
            skipped_from: None,
            bindings: Vec::new(),
        };
        let mut is_first = true;
        loop {
            let event = reader.read_event().map_err(|_| builder.refuse("well-formed XML"))?;
            match event {
                Event::Start(start) => builder.start(&start, accepts, expected)?,
                Event::End(_) => builder.end(),
                Event::Text(text) => builder.text(&text.xml10_content())?,
                Event::CData(text) => builder.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let character = match &*reference {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "apos" => Some('\''),
                        "quot" => Some('"'),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    let character =
                        character.ok_or_else(|| builder.refuse("no entity but those of XML itself"))?;
                    builder.text(character.encode_utf8(&mut [0; 4]))?;
                }
                Event::Decl(decl) => {
                    let utf8 = match decl.encoding() {
                        None => true,
                        Some(encoding) => encoding.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")),
                    };
                    if !(is_first && utf8) {
                        return Err(
                            builder.refuse("one XML declaration, at the beginning, with encoding UTF-8")
                        );
                    }
                }
                Event::DocType(_) => return Err(builder.refuse("no document type")),
                Event::Eof => break,
                // A start and an end come for it.
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
            }
            is_first = false;
        }
        if builder.depth > 0 || builder.tree.nodes.is_empty() {
            return Err(builder.refuse("a whole document"));
        }
        Ok(builder.tree)
    }
}

struct Builder {
    tree: Tree,
    /// Places of the kept elements that are open.
    open: Vec<u32>,
    /// Open elements, kept or not.
    depth: usize,
    /// The depth of the outermost element that is being skipped.
    skipped_from: Option<usize>,
    bindings: Vec<Binding>,
}

impl Builder {
    fn refuse(&self, expected: &'static str) -> Refusal {
        malformed(self.open.last().map_or_else(String::new, |place| self.tree.path(*place)), expected)
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        accepts: fn(&str) -> bool,
        expected: &'static str,
    ) -> Result<(), Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.refuse("elements at most 64 deep"));
        }
        if self.skipped_from.is_some() {
            return Ok(());
        }
        let currency = self.attributes(start, accepts)?;
        let (local, prefix) = start.name().decompose();
        let prefix = prefix.as_ref().map_or("", |prefix| prefix.as_ref());
        let is_message = self
            .bindings
            .iter()
            .rev()
            .find(|known| &*known.prefix == prefix)
            .is_some_and(|known| known.is_message);
        let Some(&parent) = self.open.last() else {
            if !self.tree.nodes.is_empty() || !is_message || local.as_ref() != "Document" {
                return Err(malformed("", expected));
            }
            self.push("Document", NONE, currency);
            return Ok(());
        };
        if let Some(above) = self.tree.nodes.get_mut(parent as usize) {
            above.has_elements = true;
        }
        match known(local.as_ref()).filter(|_| is_message) {
            Some(_) if self.tree.nodes.len() >= ELEMENTS_MAX => Err(self.refuse("at most 1000000 elements")),
            Some(name) => {
                self.push(name, parent, currency);
                Ok(())
            }
            None => {
                self.skipped_from = Some(self.depth);
                Ok(())
            }
        }
    }

    /// Takes note of namespaces; gives the currency.
    fn attributes(
        &mut self,
        start: &BytesStart<'_>,
        accepts: fn(&str) -> bool,
    ) -> Result<Option<Box<str>>, Refusal> {
        let mut currency = None;
        for (count, attribute) in start.attributes().enumerate() {
            let attribute = attribute.map_err(|_| self.refuse("well-formed attributes, each once"))?;
            if count >= ATTRIBUTES_MAX || self.bindings.len() >= ATTRIBUTES_MAX {
                return Err(self.refuse("at most 64 attributes and namespaces"));
            }
            let prefix = match attribute.key.as_namespace_binding() {
                Some(PrefixDeclaration::Default) => "",
                Some(PrefixDeclaration::Named(prefix)) => prefix,
                None => {
                    if attribute.key.as_ref() == "Ccy" {
                        currency = Some(attribute.value.as_ref().into());
                    }
                    continue;
                }
            };
            // The first namespace of a message, at the root, is the message's; others of the kind are foreign to it.
            if self.tree.nodes.is_empty() && self.tree.namespace.is_empty() && accepts(&attribute.value) {
                attribute.value.as_ref().clone_into(&mut self.tree.namespace);
            }
            let is_message = !self.tree.namespace.is_empty() && *attribute.value == self.tree.namespace;
            self.bindings.push(Binding { depth: self.depth, prefix: prefix.into(), is_message });
        }
        Ok(currency)
    }

    fn push(&mut self, name: &'static str, parent: u32, currency: Option<Box<str>>) {
        // The number of elements is bounded far below 2^32.
        let place = u32::try_from(self.tree.nodes.len()).unwrap_or(NONE);
        if let Some(above) = self.tree.nodes.get_mut(parent as usize) {
            let elder = std::mem::replace(&mut above.last, place);
            if elder == NONE {
                above.first = place;
            } else if let Some(elder) = self.tree.nodes.get_mut(elder as usize) {
                elder.next = place;
            }
        }
        self.tree.nodes.push(Node {
            name,
            parent,
            first: NONE,
            last: NONE,
            next: NONE,
            text: String::new(),
            currency,
            has_elements: false,
        });
        self.open.push(place);
    }

    fn end(&mut self) {
        match self.skipped_from {
            Some(depth) if depth == self.depth => self.skipped_from = None,
            Some(_) => {}
            None => drop(self.open.pop()),
        }
        self.depth = self.depth.saturating_sub(1);
        let depth = self.depth;
        while self.bindings.last().is_some_and(|binding| binding.depth > depth) {
            self.bindings.pop();
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        let Some(&place) = self.open.last() else {
            return if text.trim_ascii().is_empty() {
                Ok(())
            } else {
                Err(self.refuse("text in elements only"))
            };
        };
        if self.skipped_from.is_none()
            && let Some(node) = self.tree.nodes.get_mut(place as usize)
            && !(node.text.is_empty() && text.trim_ascii().is_empty())
        {
            node.text.push_str(text);
        }
        Ok(())
    }
}
