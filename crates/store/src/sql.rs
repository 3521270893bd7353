//! Every statement that is not put together from parts (those are in `list`). A test prepares each of them against the
//! migrated database. Records travel as text and are stored as `jsonb`; a `$n::text[]` column is one array per batch.

use databourse_market::Noun;

/// The head, if there is one.
pub(crate) const CHAIN_HEAD: &str = "SELECT height, block_id, time_ms, tree_size, root FROM chain_head";

/// The first block: one row, unless there is a head already.
pub(crate) const BEGIN_CHAIN: &str = "
    INSERT INTO chain_head (height, block_id, time_ms, tree_size, root)
    SELECT $1, $2, $3, $4, $5 WHERE $6::bigint = 0 AND $7::bigint = 0
    ON CONFLICT (is_only) DO NOTHING";

/// Any other block: one row, if the head is where the block stands on.
pub(crate) const MOVE_HEAD: &str = "
    UPDATE chain_head SET height = $1, block_id = $2, time_ms = $3, tree_size = $4, root = $5
    WHERE height = $6 AND tree_size = $7 AND time_ms <= $3";

pub(crate) const INSERT_BLOCK: &str = "
    INSERT INTO block (height, block_id, time_ms, tree_size, root, header_index)
    VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const BLOCKS: &str = "
    SELECT height, block_id, time_ms, header_index, tree_size, root FROM block
    WHERE height >= $1 ORDER BY height LIMIT $2";

/// The leaves of a block are consecutive, so their places need not be sent.
pub(crate) const INSERT_ENTRIES: &str = "
    INSERT INTO entry (leaf_index, height, entry_id, entry_type, bytes, leaf_hash)
    SELECT $1::bigint + place - 1, $2::bigint, entry_id, entry_type, bytes, leaf_hash
    FROM UNNEST($3::uuid[], $4::text[], $5::bytea[], $6::bytea[])
        WITH ORDINALITY AS new (entry_id, entry_type, bytes, leaf_hash, place)";

pub(crate) const COUNT_ENTRIES: &str = "
    INSERT INTO entry_count AS known (entry_type, entry_count)
    SELECT entry_type, entry_count FROM UNNEST($1::text[], $2::bigint[]) AS new (entry_type, entry_count)
    ON CONFLICT (entry_type) DO UPDATE SET entry_count = known.entry_count + excluded.entry_count";

pub(crate) const ENTRY_COUNTS: &str = "SELECT entry_type, entry_count FROM entry_count";

pub(crate) const ENTRY: &str = "
    SELECT leaf_index, height, entry_id, entry_type, bytes, leaf_hash FROM entry WHERE leaf_index = $1";

pub(crate) const ENTRY_BYTES: &str = "
    SELECT leaf_index, bytes FROM entry WHERE leaf_index BETWEEN $1 AND $2 ORDER BY leaf_index";

pub(crate) const LEAF_HASHES: &str = "
    SELECT leaf_index, leaf_hash FROM entry WHERE leaf_index BETWEEN $1 AND $2 ORDER BY leaf_index";

pub(crate) const INSERT_TILES: &str = "
    INSERT INTO tile (level, tile_index, hashes)
    SELECT * FROM UNNEST($1::smallint[], $2::bigint[], $3::bytea[])";

pub(crate) const TILES: &str = "
    SELECT level, tile_index, hashes
    FROM UNNEST($1::smallint[], $2::bigint[]) AS wanted (level, tile_index)
    JOIN tile USING (level, tile_index) ORDER BY level, tile_index";

pub(crate) const TILES_BETWEEN: &str = "
    SELECT level, tile_index, hashes FROM tile
    WHERE level = $1 AND tile_index BETWEEN $2 AND $3 ORDER BY tile_index";

pub(crate) const INSERT_POSTINGS: &str = "
    INSERT INTO posting (leaf_index, transaction_no, leg, account, side, amount_minor, asset, kind, window_name,
        pending_minor)
    SELECT * FROM UNNEST($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::bigint[],
        $7::text[], $8::text[], $9::text[], $10::bigint[])";

/// The entry gives name and block of each posting; a posting without one still shows, as damage.
pub(crate) const POSTINGS: &str = "
    SELECT posting.leaf_index, transaction_no, leg, side, amount_minor, pending_minor, asset, kind, window_name,
        entry.entry_id, entry.height, block.time_ms
    FROM posting
    LEFT JOIN entry ON entry.leaf_index = posting.leaf_index
    LEFT JOIN block ON block.height = entry.height
    WHERE account = $1 AND (posting.leaf_index, transaction_no, leg) > ($2, $3, $4)
    ORDER BY account, posting.leaf_index, transaction_no, leg LIMIT $5";

/// One moment for every statement until the session ends.
pub(crate) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The whole journal in the order of the ledger. The page is cut before the joins.
pub(crate) const JOURNAL: &str = "
    SELECT page.leaf_index, transaction_no, leg, account, side, amount_minor, pending_minor, asset, kind,
        window_name, entry.entry_id, entry.entry_type, entry.height, block.time_ms
    FROM (
        SELECT * FROM posting WHERE (leaf_index, transaction_no, leg) > ($1, $2, $3)
        ORDER BY leaf_index, transaction_no, leg LIMIT $4
    ) AS page
    LEFT JOIN entry ON entry.leaf_index = page.leaf_index
    LEFT JOIN block ON block.height = entry.height
    ORDER BY page.leaf_index, transaction_no, leg";

/// Both sums in one statement, so that no block comes between them.
pub(crate) const TRIAL_BALANCE: &str = "
    SELECT 'account' AS source, asset, sum(debits_minor)::text AS debits, sum(credits_minor)::text AS credits,
        sum(debits_pending_minor)::text AS debits_pending, sum(credits_pending_minor)::text AS credits_pending
    FROM account GROUP BY asset
    UNION ALL
    SELECT 'posting', asset, coalesce(sum(amount_minor) FILTER (WHERE side = 'debit'), 0)::text,
        coalesce(sum(amount_minor) FILTER (WHERE side = 'credit'), 0)::text,
        coalesce(sum(pending_minor) FILTER (WHERE side = 'debit'), 0)::text,
        coalesce(sum(pending_minor) FILTER (WHERE side = 'credit'), 0)::text
    FROM posting GROUP BY asset
    ORDER BY source, asset";

/// Totals of an account from its postings before a place.
pub(crate) const BALANCES_AT: &str = "
    SELECT coalesce(sum(amount_minor) FILTER (WHERE side = 'debit'), 0)::text AS debits_minor,
        coalesce(sum(amount_minor) FILTER (WHERE side = 'credit'), 0)::text AS credits_minor,
        coalesce(sum(pending_minor) FILTER (WHERE side = 'debit'), 0)::text AS debits_pending_minor,
        coalesce(sum(pending_minor) FILTER (WHERE side = 'credit'), 0)::text AS credits_pending_minor
    FROM posting WHERE account = $1 AND leaf_index < $2";

/// Totals of an account less what was posted on it in window `$3` and later ones. Where the first of these begins is
/// read off an index; without any, nothing is subtracted.
pub(crate) const BALANCES_BEFORE: &str = "
    SELECT (account.debits_minor - coalesce(later.debits, 0))::text AS debits_minor,
        (account.credits_minor - coalesce(later.credits, 0))::text AS credits_minor,
        (account.debits_pending_minor - coalesce(later.debits_pending, 0))::text AS debits_pending_minor,
        (account.credits_pending_minor - coalesce(later.credits_pending, 0))::text AS credits_pending_minor
    FROM account, (
        SELECT sum(amount_minor) FILTER (WHERE side = 'debit') AS debits,
            sum(amount_minor) FILTER (WHERE side = 'credit') AS credits,
            sum(pending_minor) FILTER (WHERE side = 'debit') AS debits_pending,
            sum(pending_minor) FILTER (WHERE side = 'credit') AS credits_pending
        FROM posting
        WHERE account = $1 AND split_part(window_name, '#', 2)::bigint >= $3 AND leaf_index >= (
            SELECT leaf_index FROM posting WHERE asset = $2 AND split_part(window_name, '#', 2)::bigint >= $3
            ORDER BY split_part(window_name, '#', 2)::bigint, leaf_index LIMIT 1)
    ) AS later
    WHERE account.name = $1";

/// An account's postings in one window, which is a range of leaves in the order of the account's postings. The window
/// is compared by its name, which no index has: the planner cannot take the way over everybody's postings in it.
pub(crate) const WINDOW_POSTINGS: &str = "
    SELECT posting.leaf_index, transaction_no, leg, side, amount_minor, pending_minor, asset, kind, window_name,
        entry.entry_id, entry.height, block.time_ms
    FROM posting
    LEFT JOIN entry ON entry.leaf_index = posting.leaf_index
    LEFT JOIN block ON block.height = entry.height
    WHERE account = $1 AND (posting.leaf_index, transaction_no, leg) > ($2, $3, $4)
        AND window_name = $7
        AND posting.leaf_index >= (SELECT min(leaf_index) FROM posting
            WHERE asset = $5 AND split_part(window_name, '#', 2)::bigint = $6)
        AND posting.leaf_index <= (SELECT max(leaf_index) FROM posting
            WHERE asset = $5 AND split_part(window_name, '#', 2)::bigint = $6)
    ORDER BY account, posting.leaf_index, transaction_no, leg LIMIT $8";

pub(crate) const DUE_HOLDS: &str = "
    SELECT name FROM hold WHERE state = 'pending' AND expires_at <= $1 ORDER BY expires_at, name LIMIT $2";

/// Everything in one statement, so that no block comes between the sums.
pub(crate) const CHECK_MONEY: &str = "
    WITH total AS (
        SELECT asset, sum(debits_minor) AS debits, sum(credits_minor) AS credits,
            sum(debits_pending_minor) AS debits_pending, sum(credits_pending_minor) AS credits_pending,
            coalesce(sum(balance_minor) FILTER (WHERE purpose = 'clearing'), 0) AS clearing
        FROM account GROUP BY asset
    ), held AS (
        SELECT asset, sum(left_minor) AS held FROM hold WHERE state = 'pending' GROUP BY asset
    ), journal AS (
        SELECT account AS name, sum(amount_minor) FILTER (WHERE side = 'debit') AS debits,
            sum(amount_minor) FILTER (WHERE side = 'credit') AS credits,
            sum(pending_minor) FILTER (WHERE side = 'debit') AS debits_pending,
            sum(pending_minor) FILTER (WHERE side = 'credit') AS credits_pending,
            count(*) AS posting_count
        FROM posting GROUP BY account
    ), checked (rule, subject, expected, found) AS (
        SELECT rule, asset, expected, found
        FROM total FULL JOIN held USING (asset), LATERAL (VALUES
            ('posted_balance', credits, debits),
            ('pending_balance', credits_pending, debits_pending),
            ('clearing', 0, clearing),
            ('held', held, debits_pending)
        ) AS of_asset (rule, expected, found)
        UNION ALL
        SELECT rule, name, expected, found
        FROM account FULL JOIN journal USING (name), LATERAL (VALUES
            ('debits', debits, debits_minor),
            ('credits', credits, credits_minor),
            ('debits_pending', debits_pending, debits_pending_minor),
            ('credits_pending', credits_pending, credits_pending_minor),
            ('posting_count', posting_count, (record ->> 'posting_count')::numeric)
        ) AS of_account (rule, expected, found)
    )
    SELECT rule, subject, coalesce(expected, 0)::text AS expected, coalesce(found, 0)::text AS found
    FROM checked WHERE coalesce(expected, 0) <> coalesce(found, 0)
    ORDER BY subject, rule LIMIT 1000";

/// A key that is kept is never overwritten; the same key again changes nothing.
pub(crate) const INSERT_CUSTODY_KEY: &str = "
    INSERT INTO custody_key (party, key_id, sealed) VALUES ($1, $2, $3) ON CONFLICT (party) DO NOTHING";

pub(crate) const CUSTODY_KEY: &str = "SELECT key_id, sealed FROM custody_key WHERE party = $1";

/// Takes the writer's lock for the life of the session, or says that it is taken.
pub(crate) const TRY_LOCK: &str = "SELECT pg_try_advisory_lock($1)";

/// Waits for a lock, at most the session's `lock_timeout`.
pub(crate) const LOCK: &str = "SELECT pg_advisory_lock($1)";

/// Writes records of one kind; `$1` names in order, `$2` their JSON.
pub(crate) fn upsert_records(noun: Noun) -> String {
    format!(
        "INSERT INTO {} (name, record)
        SELECT name, record::jsonb FROM UNNEST($1::text[], $2::text[]) AS new (name, record)
        ON CONFLICT (name) DO UPDATE SET record = excluded.record",
        noun.as_str()
    )
}

/// Records of one kind by name.
pub(crate) fn records(noun: Noun) -> String {
    format!("SELECT name, record::text AS record FROM {} WHERE name = ANY($1)", noun.as_str())
}

/// Number of records of each kind, one row.
pub(crate) fn record_counts() -> String {
    let counts: Vec<_> =
        Noun::ALL.iter().map(|noun| format!("(SELECT count(*) FROM {0}) AS {0}", noun.as_str())).collect();
    format!("SELECT {}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Column, ListQuery, Store,
        list::ListStatement,
        session::{self, Purpose},
    };
    use databourse_testkit::TestDatabase;

    const READING: &[&str] = &[
        CHAIN_HEAD,
        BLOCKS,
        ENTRY_COUNTS,
        ENTRY,
        ENTRY_BYTES,
        LEAF_HASHES,
        TILES,
        TILES_BETWEEN,
        POSTINGS,
        BEGIN_SNAPSHOT,
        JOURNAL,
        TRIAL_BALANCE,
        BALANCES_AT,
        BALANCES_BEFORE,
        WINDOW_POSTINGS,
        DUE_HOLDS,
        CHECK_MONEY,
        CUSTODY_KEY,
        TRY_LOCK,
        LOCK,
    ];
    const WRITING: &[&str] = &[
        BEGIN_CHAIN,
        MOVE_HEAD,
        INSERT_BLOCK,
        INSERT_ENTRIES,
        COUNT_ENTRIES,
        INSERT_TILES,
        INSERT_POSTINGS,
        INSERT_CUSTODY_KEY,
    ];

    /// Lists under no filter, each filter alone with one value and with two, all filters, and a search.
    fn lists() -> Vec<ListStatement> {
        let mut queries = Vec::new();
        for noun in Noun::ALL {
            let columns = Column::of(*noun);
            let all = columns.iter().map(|column| (*column, String::new())).collect::<Vec<_>>();
            queries.extend([(*noun, Vec::new(), None), (*noun, all, None)]);
            for column in columns {
                let filter = (*column, String::new());
                queries.push((*noun, vec![filter.clone()], None));
                queries.push((*noun, vec![filter.clone(), filter], Some(String::new())));
            }
        }
        let lists = queries.into_iter().map(|(noun, filters, after)| {
            let search = (noun == Noun::Product).then(|| "two words".to_owned());
            let query = ListQuery { filters, search, newest_first: after.is_some(), after, limit: 10 };
            ListStatement::new(noun, &query).unwrap()
        });
        lists.collect()
    }

    #[tokio::test]
    async fn every_statement_prepares_and_none_that_writes_runs_on_a_reading_session() {
        let constants = include_str!("sql.rs").matches("pub(crate) const").count();
        assert_eq!(READING.len() + WRITING.len() + 1, constants, "a statement is in neither list");
        let database = TestDatabase::create().await;
        Store::migrate(database.config()).await.unwrap();
        let client = session::open(database.config(), Purpose::Read).await.unwrap();
        let of_nouns = Noun::ALL.iter().flat_map(|noun| [upsert_records(*noun), records(*noun)]);
        let texts = READING.iter().chain(WRITING).map(|sql| (*sql).to_owned());
        let lists = lists().into_iter().map(|list| list.sql);
        for sql in texts.chain(of_nouns).chain(lists).chain([record_counts()]) {
            if let Err(error) = client.prepare(&sql).await {
                panic!("{sql}: {error:?}");
            }
        }
        let error = client.batch_execute("DELETE FROM claim").await.unwrap_err();
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::READ_ONLY_SQL_TRANSACTION));
    }

    #[tokio::test]
    async fn each_filter_of_large_kinds_has_an_index_in_the_order_of_the_list() {
        let database = TestDatabase::create().await;
        Store::migrate(database.config()).await.unwrap();
        let client = database.connect().await;
        // On empty tables the planner has no opinion of its own.
        client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
        for (noun, column) in
            Noun::ALL.iter().flat_map(|noun| Column::of(*noun).iter().map(move |c| (*noun, *c)))
        {
            let is_exempt = matches!(
                (noun, column),
                (Noun::Party, Column::Role | Column::State) | (Noun::Licence, Column::State)
            ) || column == Column::Asset;
            let query = ListQuery { filters: vec![(column, String::new())], ..ListQuery::default() };
            let sql = ListStatement::new(noun, &query).unwrap().sql;
            let sql = sql.replace("$1::text[]", "'{}'::text[]").replace("$1::text", "'value'");
            let rows = client.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let condition = format!("Index Cond: ({} = ", column.as_str());
            let is_indexed = plan.iter().any(|line| line.contains(&condition));
            assert!(is_indexed || is_exempt, "{noun:?} by {column:?}: {plan:#?}");
            assert!(
                is_exempt || !plan.iter().any(|line| line.contains("Sort")),
                "{noun:?} {column:?}: {plan:#?}"
            );
        }
    }
    #[tokio::test]
    async fn a_window_s_postings_and_due_holds_are_found_by_ranges_of_indexes() {
        let database = TestDatabase::create().await;
        Store::migrate(database.config()).await.unwrap();
        let client = database.connect().await;
        client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
        client.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
        let bounded = "Index Cond: ((account = $1) AND (leaf_index >= ";
        let cases: [(&str, usize, &[&str]); 3] = [
            (WINDOW_POSTINGS, 8, &["using posting_account", "using posting_window"]),
            (BALANCES_BEFORE, 3, &["using posting_account", "using posting_window", bounded]),
            (DUE_HOLDS, 2, &["using hold_due", "Index Cond: (expires_at <= $1)"]),
        ];
        for (sql, parameter_count, expected) in cases {
            client.batch_execute(&format!("PREPARE one AS {sql}")).await.unwrap();
            let nulls = vec!["NULL"; parameter_count].join(", ");
            let rows = client.query(&format!("EXPLAIN EXECUTE one ({nulls})"), &[]).await.unwrap();
            let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
            assert!(expected.iter().all(|part| plan.contains(part)), "{plan}");
            assert!(!plan.contains("Sort"), "{plan}");
            client.batch_execute("DEALLOCATE one").await.unwrap();
        }
    }
}
