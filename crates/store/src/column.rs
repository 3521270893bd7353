//! The columns that lists can be filtered by. They are an enum, so no text from outside ever becomes SQL.

use databourse_market::Noun;

/// A column to filter a list by. Which kinds have it is said by [`Column::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Who sells, by party id.
    Supplier,
    /// Who buys, by party id.
    Buyer,
    /// Whose right, voucher, account or held money it is: a party id, or `party:<id>` / `exchange:<code>` for accounts
    /// and holds.
    Holder,
    /// The product, by id.
    Product,
    /// The right, by id.
    Right,
    /// The order, by id.
    Order,
    /// Where it stands, by the state's name in JSON.
    State,
    /// What kind of product, break or anchor it is.
    Kind,
    /// Class of the data.
    DataClass,
    /// The buyer's own reference.
    Reference,
    /// The buyer's name for a larger purchase.
    Group,
    /// The asset, e.g. `CNY/2`.
    Asset,
    /// The exchange that it is about, or that listed it, by code.
    Exchange,
    /// The certifying exchange, by code.
    HomeExchange,
    /// Who a party is in law.
    LegalIdentifier,
    /// A role that a party has.
    Role,
    /// The settlement window, e.g. `CNY/2#7`.
    Window,
    /// The pair of exchanges, e.g. `js~sh`.
    Pair,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The column is a text.
    Equals,
    /// The column is a JSON array of texts.
    Contains,
}

impl Column {
    /// Every column.
    pub const ALL: &'static [Self] = &[
        Self::Supplier,
        Self::Buyer,
        Self::Holder,
        Self::Product,
        Self::Right,
        Self::Order,
        Self::State,
        Self::Kind,
        Self::DataClass,
        Self::Reference,
        Self::Group,
        Self::Asset,
        Self::Exchange,
        Self::HomeExchange,
        Self::LegalIdentifier,
        Self::Role,
        Self::Window,
        Self::Pair,
    ];

    /// The columns that lists of this kind can be filtered by.
    pub const fn of(noun: Noun) -> &'static [Self] {
        use Column::*;
        match noun {
            Noun::MemberProposal => &[Exchange, State],
            Noun::Misbehaviour => &[Exchange],
            Noun::Anchor => &[Kind],
            Noun::Party => &[HomeExchange, LegalIdentifier, Role, State],
            Noun::Right => &[Holder],
            Noun::Product => &[Supplier, Right, DataClass, State, Kind, Exchange],
            Noun::Offer => &[Product, Supplier, State],
            Noun::Order => &[Buyer, Reference, Group],
            Noun::Licence => &[Order, Buyer, Supplier, Product, State],
            Noun::Delivery => &[Order, Supplier, Buyer],
            Noun::Acceptance => &[Order, Buyer, Window],
            Noun::Refund => &[Order, Supplier, Buyer, Window],
            Noun::Hold => &[Holder, State],
            Noun::Voucher => &[Holder],
            Noun::Dispute => &[Order, Buyer, Supplier, State],
            Noun::ShareTree => &[Product],
            Noun::Break => &[Window, Pair, Kind, State],
            Noun::Account => &[Holder, Asset],
            Noun::Schedule => &[Asset],
            Noun::Window => &[Asset, State],
            Noun::Certificate => &[Order, Buyer],
            Noun::Answer
            | Noun::Region
            | Noun::Exchange
            | Noun::Snapshot
            | Noun::SigningKey
            | Noun::TaxTable
            | Noun::Claim
            | Noun::Head => &[],
        }
    }

    /// Its name, as in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Buyer => "buyer",
            Self::Holder => "holder",
            Self::Product => "product",
            Self::Right => "data_right",
            Self::Order => "purchase_order",
            Self::State => "state",
            Self::Kind => "kind",
            Self::DataClass => "data_class",
            Self::Reference => "reference",
            Self::Group => "order_group",
            Self::Asset => "asset",
            Self::Exchange => "exchange",
            Self::HomeExchange => "home_exchange",
            Self::LegalIdentifier => "legal_identifier",
            Self::Role => "roles",
            Self::Window => "settlement_window",
            Self::Pair => "pair",
        }
    }

    pub(crate) const fn comparison(self) -> Comparison {
        match self {
            Self::Role => Comparison::Contains,
            _ => Comparison::Equals,
        }
    }
}

/// The column that lists of this kind are ordered by: the name, or the name with its number padded.
pub(crate) const fn order_column(noun: Noun) -> &'static str {
    match noun {
        Noun::Licence | Noun::TaxTable | Noun::ShareTree | Noun::Schedule | Noun::Window | Noun::Snapshot => {
            "place"
        }
        _ => "name",
    }
}
