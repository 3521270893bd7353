//! One moment of the database: its tables, and their rows in order of key, a page at a time.

use crate::{
    ConnectionConfig, StoreError,
    session::{self, Purpose, READ_LIMIT, within},
    sql,
};
use std::{collections::VecDeque, fmt};
use tokio_postgres::Client;

/// How many rows are read at a time. Entries have at most 65,535 bytes, twice as many in text.
const ROWS_PER_PAGE: u32 = 500;

/// All of the database, as of one moment. It holds a connection of its own with a transaction that writes nothing;
/// dropping it ends both.
pub struct DatabaseScan {
    pub(super) client: Client,
}

impl fmt::Debug for DatabaseScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseScan").finish_non_exhaustive()
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedColumn {
    /// Its name.
    pub name: String,
    /// Its type, as PostgreSQL names it.
    pub data_type: String,
    /// What the server computes it from, if it does.
    pub generated_from: Option<String>,
    /// Its place in the primary key, from 0.
    pub key_place: Option<usize>,
}

/// A table of the schema `public`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedTable {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ScannedColumn>,
}

impl ScannedTable {
    /// The columns of the primary key, in its order.
    pub fn key(&self) -> Vec<&ScannedColumn> {
        let mut key: Vec<_> = self.columns.iter().filter(|column| column.key_place.is_some()).collect();
        key.sort_by_key(|column| column.key_place);
        key
    }

    /// Columns that sort by bytes, whatever the database's collation.
    fn order(&self) -> String {
        let columns = self.key().into_iter().map(|column| {
            let collation = if column.data_type == "text" { r#" COLLATE "C""# } else { "" };
            // With its table: the name alone would be that of the text in the list of columns.
            format!("{}.{}{collation}", quoted(&self.name), quoted(&column.name))
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The rows' key as one text.
    pub(super) fn key_text(&self) -> String {
        let parts = self.key().into_iter().map(|column| format!("{}::text", quoted(&column.name)));
        format!("concat_ws('.', {})", parts.collect::<Vec<_>>().join(", "))
    }
}

/// A row as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedRow {
    /// The cells, in the order of the table's columns; `None` for NULL.
    pub cells: Vec<Option<String>>,
}

/// Where a table is being read.
#[derive(Debug)]
pub struct RowScan {
    cursor: String,
    columns: usize,
    page: VecDeque<ScannedRow>,
    has_ended: bool,
}

/// A name as an identifier of SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl DatabaseScan {
    /// Takes hold of the database as it is now.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn begin(config: ConnectionConfig) -> Result<Self, StoreError> {
        let client = session::open(config, Purpose::Copy).await?;
        within(READ_LIMIT, async {
            client.batch_execute(sql::BEGIN_SNAPSHOT).await?;
            // How values are written must not depend on the server's settings, and the moment is that of the first read.
            Ok(client.query(sql::TEXT_SETTINGS, &[]).await.map(drop)?)
        })
        .await?;
        Ok(Self { client })
    }

    /// Every table of the schema, in order of name.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn tables(&self) -> Result<Vec<ScannedTable>, StoreError> {
        let mut tables: Vec<ScannedTable> = Vec::new();
        for row in self.client.query(sql::SCANNED_COLUMNS, &[]).await? {
            let name: String = row.try_get("table_name")?;
            let place: Option<i32> = row.try_get("key_place")?;
            let column = ScannedColumn {
                name: row.try_get("column_name")?,
                data_type: row.try_get("data_type")?,
                generated_from: row.try_get("generated_from")?,
                key_place: place.and_then(|place| usize::try_from(place).ok()),
            };
            match tables.last_mut().filter(|last| last.name == name) {
                Some(table) => table.columns.push(column),
                None => tables.push(ScannedTable { name, columns: vec![column] }),
            }
        }
        Ok(tables)
    }

    /// Begins to read a table in order of its key: numbers as numbers, texts by their bytes. Several may be read at once.
    ///
    /// # Errors
    /// `Unavailable`, `Refused`.
    pub async fn open(&self, table: &ScannedTable) -> Result<RowScan, StoreError> {
        let cells: Vec<_> =
            table.columns.iter().map(|column| format!("{}::text", quoted(&column.name))).collect();
        let cursor = quoted(&format!("scan of {}", table.name));
        let order = table.order();
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {order}") };
        let (cells, name) = (cells.join(", "), quoted(&table.name));
        let declare = format!("DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {cells} FROM {name}{order}");
        self.client.batch_execute(&declare).await?;
        Ok(RowScan { cursor, columns: table.columns.len(), page: VecDeque::new(), has_ended: false })
    }

    /// The next row, without going on.
    ///
    /// # Errors
    /// `Unavailable`; `Refused` also where the server itself finds a page damaged.
    pub async fn peek<'a>(&self, rows: &'a mut RowScan) -> Result<Option<&'a ScannedRow>, StoreError> {
        if rows.page.is_empty() && !rows.has_ended {
            let fetch = format!("FETCH FORWARD {ROWS_PER_PAGE} FROM {}", rows.cursor);
            for row in self.client.query(&fetch, &[]).await? {
                let cells = (0..rows.columns).map(|place| row.try_get(place));
                rows.page.push_back(ScannedRow { cells: cells.collect::<Result<_, _>>()? });
            }
            rows.has_ended = rows.page.is_empty();
        }
        Ok(rows.page.front())
    }

    /// The next row.
    ///
    /// # Errors
    /// As [`DatabaseScan::peek`].
    pub async fn next(&self, rows: &mut RowScan) -> Result<Option<ScannedRow>, StoreError> {
        self.peek(rows).await?;
        Ok(rows.page.pop_front())
    }

    /// Ends the reading of a table.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn close(&self, rows: RowScan) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(&format!("CLOSE {}", rows.cursor)).await?)
    }
}
