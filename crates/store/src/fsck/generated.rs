//! Columns that the server generates, against what it would generate now.

use super::scan::{DatabaseScan, ScannedTable, quoted};
use crate::StoreError;

/// A generated column that is not what its expression gives for the row as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedDifference {
    /// The row, by its key, with a dot between its columns.
    pub row: String,
    /// The column.
    pub column: String,
    /// What the expression gives; `None` for NULL.
    pub expected: Option<String>,
    /// What stands there.
    pub found: Option<String>,
}

impl DatabaseScan {
    /// The generated columns of a table that differ, all of them; `None` where a row is so damaged that the server cannot
    /// compute the expression.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn generated_differences(
        &self,
        table: &ScannedTable,
    ) -> Result<Option<Vec<GeneratedDifference>>, StoreError> {
        let mut differences = Vec::new();
        for column in &table.columns {
            let Some(expression) = &column.generated_from else { continue };
            let (key, name, table) = (table.key_text(), quoted(&column.name), quoted(&table.name));
            let select = format!(
                "SELECT {key}, ({expression})::text, {name}::text FROM {table}
                WHERE {name} IS DISTINCT FROM ({expression}) ORDER BY 1"
            );
            self.client.batch_execute("SAVEPOINT generated").await?;
            match self.client.query(&select, &[]).await {
                Ok(rows) => {
                    for row in rows {
                        differences.push(GeneratedDifference {
                            row: row.try_get(0)?,
                            column: column.name.clone(),
                            expected: row.try_get(1)?,
                            found: row.try_get(2)?,
                        });
                    }
                }
                // The server's own answer: the transaction goes on from the savepoint.
                Err(error) if error.as_db_error().is_some() => {
                    self.client.batch_execute("ROLLBACK TO SAVEPOINT generated").await?;
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
            self.client.batch_execute("RELEASE SAVEPOINT generated").await?;
        }
        Ok(Some(differences))
    }
}
