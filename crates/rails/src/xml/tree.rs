//! What was read: elements in elements, each with its path.

use super::names::known;
use crate::malformed;
use databourse_primitives::{ParseError, Refusal};
use std::borrow::Cow;

/// No element.
pub(super) const NONE: u32 = u32::MAX;

/// One kept element. Links are places in [`Tree::nodes`], or [`NONE`].
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) parent: u32,
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) next: u32,
    pub(super) text: String,
    pub(super) currency: Option<Box<str>>,
    /// Whether there is an element in it, kept or not.
    pub(super) has_elements: bool,
}

/// A message whose shape is read, and nothing of its meaning.
pub(crate) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// The namespace of the root and of all that is kept.
    pub(super) namespace: String,
}

impl Tree {
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
    pub(super) fn path(&self, mut place: u32) -> String {
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

/// An element of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    tree: &'a Tree,
    place: u32,
}

impl<'a> Element<'a> {
    /// `file.malformed` here.
    pub(crate) fn refuse(self, expected: impl Into<Cow<'static, str>>) -> Refusal {
        malformed(self.tree.path(self.place), expected)
    }

    /// `file.malformed` at a child that is absent.
    pub(crate) fn refuse_child(self, name: &str, expected: impl Into<Cow<'static, str>>) -> Refusal {
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
    pub(crate) fn value<T: std::str::FromStr<Err = ParseError>>(self) -> Result<T, Refusal> {
        self.text()?.parse().map_err(|error: ParseError| self.refuse(error.expected))
    }

    /// The attribute `Ccy`.
    pub(crate) fn currency(self) -> Option<&'a str> {
        self.tree.node(self.place).currency.as_deref()
    }
}
