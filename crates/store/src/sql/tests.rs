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
    AGREEMENT,
    AGREEMENTS,
    TURNS,
    DECIDED,
    UNDECIDED,
    LAST_FINAL_CHECKPOINT,
    FINAL_CHECKPOINT_COVERING,
    UNREPORTED_EVIDENCE,
    EVIDENCE_COUNTS,
    REPLICA_LAG,
    REACHED,
    ENTRY_COUNTS,
    ENTRY,
    ENTRY_FACTS,
    PRODUCT_ENTRIES,
    ENTRY_BYTES,
    LEAF_HASHES,
    LEAVES,
    TILES,
    TILES_BETWEEN,
    POSTINGS,
    POSTINGS_BACKWARDS,
    BEGIN_SNAPSHOT,
    JOURNAL,
    TRIAL_BALANCE,
    BALANCES_AT,
    BALANCES_BEFORE,
    WINDOW_POSTINGS,
    DUE_HOLDS,
    SALES,
    WINDOW_SETTLEMENTS,
    CHECK_MONEY,
    CUSTODY_KEY,
    SCANNED_COLUMNS,
    TEXT_SETTINGS,
    TRY_LOCK,
    LOCK,
];
const WRITING: &[&str] = &[
    BEGIN_CHAIN,
    MOVE_HEAD,
    INSERT_BLOCK,
    INSERT_AGREEMENT,
    SAVE_UNDECIDED,
    FORGET_UNDECIDED,
    INSERT_FINAL_CHECKPOINT,
    FINAL_CHECKPOINT_LOCKED,
    EXTEND_FINAL_CHECKPOINT,
    INSERT_EVIDENCE,
    MARK_EVIDENCE,
    INSERT_ENTRIES,
    COUNT_ENTRIES,
    INSERT_TILES,
    INSERT_POSTINGS,
    INSERT_CUSTODY_KEY,
    DELETE_CUSTODY_KEY,
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
    let search = ListQuery { search: Some("two words".to_owned()), ..ListQuery::default() };
    let short = ListQuery { search: Some("t w".to_owned()), ..ListQuery::default() };
    let counting = [search, short, ListQuery::default()]
        .map(|query| ListStatement::counting(Noun::Product, &query, Column::of(Noun::Product), 10).unwrap());
    lists.chain(counting).collect()
}

/// How the planner would run a statement.
async fn plan_of(client: &tokio_postgres::Client, sql: &str) -> String {
    let rows = client.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_statement_prepares_and_none_that_writes_runs_on_a_reading_session() {
    let constants = include_str!("../sql.rs").matches("pub(crate) const").count();
    assert_eq!(READING.len() + WRITING.len(), constants, "a statement is in neither list");
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let client = session::open(database.config(), Purpose::Read).await.unwrap();
    let of_nouns = Noun::ALL.iter().flat_map(|noun| [upsert_records(*noun), records(*noun)]);
    let texts = READING.iter().chain(WRITING).map(|sql| (*sql).to_owned());
    let lists = lists().into_iter().map(|list| list.sql);
    for sql in texts.chain(of_nouns).chain(lists).chain([record_counts(Noun::ALL)]) {
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
    for (noun, column) in Noun::ALL.iter().flat_map(|noun| Column::of(*noun).iter().map(move |c| (*noun, *c)))
    {
        let is_exempt = matches!(
            (noun, column),
            (Noun::Party, Column::Role | Column::State) | (Noun::Licence, Column::State)
        ) || column == Column::Asset;
        let query = ListQuery { filters: vec![(column, String::new())], ..ListQuery::default() };
        let sql = ListStatement::new(noun, &query).unwrap().sql;
        let sql = sql.replace("$1::text[]", "'{}'::text[]").replace("$1::text", "'value'");
        let plan = plan_of(&client, &sql).await;
        let condition = format!("Index Cond: ({} = ", column.as_str());
        let is_indexed = plan.contains(&condition);
        assert!(is_indexed || is_exempt, "{noun:?} by {column:?}: {plan}");
        assert!(is_exempt || !plan.contains("Sort"), "{noun:?} {column:?}: {plan}");
    }
}

#[tokio::test]
async fn open_lines_are_looked_for_among_open_orders() {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let client = database.connect().await;
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    let cases: [(&[&str], bool); 4] = [
        (&["ordered"], true),
        (&["ordered", "delivered"], true),
        (&["ordered", "active"], false),
        (&["active"], false),
    ];
    for (states, is_expected) in cases {
        let states = states.iter().map(|state| (Column::State, (*state).to_owned()));
        let filters = states.chain([(Column::Supplier, String::new())]).collect();
        let sql =
            ListStatement::new(Noun::Licence, &ListQuery { filters, ..ListQuery::default() }).unwrap().sql;
        let sql = sql.replace("$1::text", "''").replace("$2::text[]", "'{}'").replace("$2::text", "''");
        let plan = plan_of(&client, &sql).await;
        assert_eq!(plan.contains("using purchase_order_open"), is_expected, "{plan}");
    }
}

#[tokio::test]
async fn the_catalogue_is_counted_from_an_index_alone() {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let client = database.connect().await;
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    let facets = [Column::Kind, Column::DataClass, Column::Exchange];
    let listed = ListQuery { filters: vec![(Column::State, String::new())], ..ListQuery::default() };
    let sql = ListStatement::counting(Noun::Product, &listed, &facets, 10).unwrap().sql;
    let plan = plan_of(&client, &sql.replace("$1::text", "'listed'")).await;
    assert!(plan.contains("Index Only Scan using product_facets"), "{plan}");

    // What a search finds is found by pairs, whatever else is asked for.
    client.batch_execute("SET enable_bitmapscan = on").await.unwrap();
    let search = ListQuery { search: Some("port".to_owned()), ..listed };
    let sql = ListStatement::counting(Noun::Product, &search, &facets, 10).unwrap().sql;
    let sql =
        sql.replace("$1::text", "'listed'").replace("$2::text", "'%port%'").replace("$3::text", "'port'");
    let plan = plan_of(&client, &sql).await;
    assert!(plan.contains("Bitmap Index Scan on product_search_grams"), "{plan}");
    assert!(!plan.contains("using product_state"), "{plan}");
}

#[tokio::test]
async fn what_is_looked_for_among_many_rows_is_found_by_ranges_of_indexes() {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let client = database.connect().await;
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    client.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    let bounded = "Index Cond: ((account = $1) AND (leaf_index >= ";
    let of_height = "Index Cond: ((height >= $1) AND (height <= $2))";
    let cases: [(&str, usize, &[&str]); 11] = [
        (
            POSTINGS_BACKWARDS,
            5,
            &["Backward using posting_account", "ROW(leaf_index, transaction_no, leg) < "],
        ),
        (WINDOW_POSTINGS, 8, &["using posting_account", "using posting_window"]),
        (BALANCES_BEFORE, 3, &["using posting_account", "using posting_window", bounded]),
        (DUE_HOLDS, 2, &["using hold_due", "Index Cond: (expires_at <= $1)"]),
        (FORGET_UNDECIDED, 2, &["using block_undecided_pkey", of_height]),
        (UNDECIDED, 1, &["using block_undecided_pkey"]),
        (TURNS, 2, &["using block_agreement_pkey"]),
        (ENTRY_FACTS, 2, &["using entry_pkey", "using block_pkey", "using answer_pkey"]),
        (PRODUCT_ENTRIES, 3, &["Backward using entry_product", "using block_pkey"]),
        (FINAL_CHECKPOINT_COVERING, 1, &["using final_checkpoint_pkey", "Index Cond: (tree_size >= $1)"]),
        (UNREPORTED_EVIDENCE, 1, &["using evidence_unreported"]),
    ];
    for (sql, parameter_count, expected) in cases {
        client.batch_execute(&format!("PREPARE one AS {sql}")).await.unwrap();
        let nulls = vec!["NULL"; parameter_count].join(", ");
        let plan = plan_of(&client, &format!("EXECUTE one ({nulls})")).await;
        assert!(expected.iter().all(|part| plan.contains(part)), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
        client.batch_execute("DEALLOCATE one").await.unwrap();
    }
}
