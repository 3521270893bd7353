//! The bounded reader.

use super::names::known;
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

const NONE: u32 = u32::MAX;

/// One kept element. Links are places in [`Tree::nodes`], or [`NONE`].
struct Node {
    name: &'static str,
    parent: u32,
    first: u32,
    last: u32,
    next: u32,
    text: String,
    currency: Option<Box<str>>,
    /// Whether there is an element in it, kept or not.
    has_elements: bool,
}

/// A message whose shape is read, and nothing of its meaning.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// The namespace of the root and of all that is kept.
    namespace: String,
}

/// A place where a namespace was declared: its depth, its prefix, and whether it is the message's.
struct Binding {
    depth: usize,
    prefix: Box<str>,
    is_message: bool,
}

impl Tree {
    /// Reads `text`. `accepts` says whether a namespace is one of a message that the caller reads, which is `expected`.
    pub(crate) fn parse(text: &str, accepts: fn(&str) -> bool, expected: &'static str) -> Result<Self, Refusal> {
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
                    let character = character.ok_or_else(|| builder.refuse("no entity but those of XML itself"))?;
                    builder.text(character.encode_utf8(&mut [0; 4]))?;
                }
                Event::Decl(decl) => {
                    let utf8 = match decl.encoding() {
                        None => true,
                        Some(encoding) => encoding.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")),
                    };
                    if !(is_first && utf8) {
                        return Err(builder.refuse("one XML declaration, at the beginning, with encoding UTF-8"));
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

    /// The root's namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The root element.
    pub(crate) const fn root(&self) -> Element<'_> {
        Element { tree: self, place: 0 }
    }

    fn node(&self, place: u32) -> &Node {
        // Places come from this tree alone.
        &self.nodes[place as usize]
    }

    /// The path below the root, elements counted from 1 where a name repeats.
    fn path(&self, mut place: u32) -> String {
        let mut steps = Vec::new();
        while place != NONE && self.node(place).parent != NONE {
            let node = self.node(place);
            let parent = Element { tree: self, place: node.parent };
            let alike: Vec<_> = parent.all(node.name).map(|element| element.place).collect();
            steps.push(match alike.iter().position(|other| *other == place) {
                Some(index) if alike.len() > 1 => format!("{}[{}]", node.name, index + 1),
                _ => node.name.to_owned(),
            });
            place = node.parent;
        }
        steps.reverse();
        steps.join("/")
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
        let is_message =
            self.bindings.iter().rev().find(|known| &*known.prefix == prefix).is_some_and(|known| known.is_message);
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
            return if text.trim_ascii().is_empty() { Ok(()) } else { Err(self.refuse("text in elements only")) };
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

/// An element of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    tree: &'a Tree,
    place: u32,
}

impl<'a> Element<'a> {
    /// `file.malformed` here.
    pub(crate) fn refuse(self, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
        malformed(self.tree.path(self.place), expected)
    }

    /// `file.malformed` at a child that is absent.
    pub(crate) fn refuse_child(self, name: &str, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
        let path = self.tree.path(self.place);
        malformed(if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }, expected)
    }

    /// Children of a name, in order.
    pub(crate) fn all(self, name: &'static str) -> impl Iterator<Item = Element<'a>> {
        debug_assert_eq!(known(name).or_else(|| (name == "Document").then_some(name)), Some(name));
        let mut next = self.tree.node(self.place).first;
        std::iter::from_fn(move || {
            while next != NONE {
                let node = self.tree.node(next);
                let element = Element { tree: self.tree, place: std::mem::replace(&mut next, node.next) };
                if node.name == name {
                    return Some(element);
                }
            }
            None
        })
    }

    /// The child of a name; two of it are refused.
    pub(crate) fn optional(self, name: &'static str) -> Result<Option<Element<'a>>, Refusal> {
        let mut all = self.all(name);
        let child = all.next();
        match all.next() {
            Some(second) => Err(second.refuse(format!("one `{name}`"))),
            None => Ok(child),
        }
    }

    /// The child of a name, which must be there once.
    pub(crate) fn one(self, name: &'static str) -> Result<Element<'a>, Refusal> {
        self.optional(name)?.ok_or_else(|| self.refuse_child(name, format!("`{name}`")))
    }

    /// The only element at the end of a path of names, if all of the path is there.
    pub(crate) fn at(self, path: &[&'static str]) -> Result<Option<Element<'a>>, Refusal> {
        let mut element = Some(self);
        for name in path {
            element = match element {
                Some(element) => element.optional(name)?,
                None => return Ok(None),
            };
        }
        Ok(element)
    }

    /// The text without white space around it; an element of elements has none.
    pub(crate) fn text(self) -> Result<&'a str, Refusal> {
        let node = self.tree.node(self.place);
        let text = node.text.trim();
        if !node.has_elements && !text.is_empty() { Ok(text) } else { Err(self.refuse("text")) }
    }

    /// The text as a value.
    pub(crate) fn value<T: std::str::FromStr<Err = databourse_primitives::ParseError>>(self) -> Result<T, Refusal> {
        self.text()?.parse().map_err(|error: databourse_primitives::ParseError| self.refuse(error.expected))
    }

    /// The attribute `Ccy`.
    pub(crate) fn currency(self) -> Option<&'a str> {
        self.tree.node(self.place).currency.as_deref()
    }
}
