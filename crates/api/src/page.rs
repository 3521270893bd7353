//! Pages of lists: `limit`, `cursor` and `sort` in, `items` and `next` out.

use crate::{ApiState, Problem, extract::malformed};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_market::{Noun, Stored};
use databourse_primitives::Refusal;
use databourse_store::{Column, ListQuery};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

/// Items of a page if the client names no number.
const LIMIT_DEFAULT: u32 = 50;
/// The most items of a page.
const LIMIT_MAX: u32 = 200;

/// How many items a page has at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| digits && (1..=LIMIT_MAX).contains(limit));
        limit.map(Self).ok_or_else(|| D::Error::custom(format!("expected a number from 1 to {LIMIT_MAX}")))
    }
}

/// In which order a list runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Where a page begins: the `next` of the page before. Opaque to clients; it is the list's name and a place in it.
#[derive(Debug, Clone)]
pub(crate) struct Cursor(String);

impl Cursor {
    pub(crate) fn encode(list: &str, place: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{list}\n{place}"))
    }

    /// The place in `list`.
    pub(crate) fn decode(&self, list: &str) -> Result<String, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let place = text.as_deref().and_then(|text| text.split_once('\n')).filter(|(name, _)| *name == list);
        match place {
            Some((_, place)) if !place.is_empty() && !place.chars().any(char::is_control) => {
                Ok(place.to_owned())
            }
            _ => Err(malformed("cursor", "the `next` of the page before, of the same list")),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items, in the order that was asked for.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; absent if this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(view).collect(), next: self.next }
    }

    /// A list that has one item or none.
    pub(crate) fn of(item: Option<T>) -> Self {
        Self { items: item.into_iter().collect(), next: None }
    }
}

/// What every list is asked for.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) limit: Option<Limit>,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) sort: Option<Sort>,
    pub(crate) filters: Vec<(Column, String)>,
    pub(crate) search: Option<String>,
}

impl Listing {
    pub(crate) fn filter(mut self, column: Column, value: impl ToString) -> Self {
        self.filters.push((column, value.to_string()));
        self
    }

    /// What is to be counted: all of it, whatever the page.
    pub(crate) fn counted(self) -> ListQuery {
        ListQuery { filters: self.filters, search: self.search, ..ListQuery::default() }
    }

    fn into_query(self, noun: Noun) -> Result<ListQuery, Refusal> {
        Ok(ListQuery {
            filters: self.filters,
            search: self.search,
            after: self.cursor.map(|cursor| cursor.decode(noun.as_str())).transpose()?,
            limit: self.limit.unwrap_or_default().0,
            newest_first: self.sort.unwrap_or_default() == Sort::Newest,
        })
    }
}

impl ApiState {
    /// A page of records of one kind.
    pub(crate) async fn list<T: Stored>(&self, listing: Listing) -> Result<Page<T>, Problem> {
        let page = self.store().list::<T>(&listing.into_query(T::NOUN)?).await?;
        let next = page.next.map(|place| Cursor::encode(T::NOUN.as_str(), &place));
        Ok(Page { items: page.items, next })
    }
}

/// The text of a value whose JSON form is a string.
pub(crate) fn text_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Declares the query parameters of a list: the common three, and filters with their schema and column. `and side` adds
/// the choice between what a party bought and what it sold.
macro_rules! list_parameters {
    ($name:ident { $($filters:tt)* } and side) => {
        $crate::page::list_parameters!(@declare $name { $($filters)* } {
            /// What the party bought or what it sold; what it bought if absent and the token has the role `buyer`.
            #[param(inline)]
            side: Option<TradeSide>,
        });
    };
    ($name:ident { $($filters:tt)* }) => {
        $crate::page::list_parameters!(@declare $name { $($filters)* } {});
    };
    (@declare $name:ident
        { $($(#[$doc:meta])* $field:ident: $type:ty as $schema:ident => $column:ident,)* }
        { $($(#[$more_doc:meta])* $more:ident: $more_type:ty,)* }
    ) => {
        #[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields, default)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// How many items at most.
            #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
            limit: Option<$crate::page::Limit>,
            /// The `next` of the page before.
            #[param(value_type = Option<String>)]
            cursor: Option<$crate::page::Cursor>,
            /// The newest first, or the oldest.
            #[param(inline)]
            sort: Option<$crate::page::Sort>,
            $(
                $(#[$doc])*
                #[param(value_type = Option<$schema>)]
                $field: Option<$type>,
            )*
            $($(#[$more_doc])* $more: $more_type,)*
        }

        impl From<$name> for $crate::page::Listing {
            fn from(asked: $name) -> Self {
                let filters: [Option<(databourse_store::Column, String)>; _] = [
                    $(asked.$field.as_ref().map(|value| {
                        (databourse_store::Column::$column, $crate::page::text_of(value))
                    }),)*
                ];
                Self {
                    limit: asked.limit,
                    cursor: asked.cursor,
                    sort: asked.sort,
                    filters: filters.into_iter().flatten().collect(),
                    search: None,
                }
            }
        }
    };
}
pub(crate) use list_parameters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_list() {
        let cursor = Cursor(Cursor::encode("product", "019aa2b4"));
        assert_eq!(cursor.decode("product").unwrap(), "019aa2b4");
        assert_eq!(cursor.decode("offer").unwrap_err().field, "cursor");
        for bad in
            ["", "019aa2b4", "!", "////", &Cursor::encode("product", ""), &Cursor::encode("product", "a\0")]
        {
            assert!(Cursor(bad.to_owned()).decode("product").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_from_1_to_200() {
        let read = |text: &str| serde_json::from_value::<Limit>(text.into()).map(|limit| limit.0).ok();
        assert_eq!((read("1"), read("200")), (Some(1), Some(200)));
        for bad in ["", "0", "201", "-1", "+1", "1.0", "x", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(Limit::default().0, 50);
    }
}
