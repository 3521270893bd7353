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

/// How a block was agreed.
pub(crate) const INSERT_AGREEMENT: &str = "
    INSERT INTO block_agreement (height, round, turn, proposer, precommits)
    VALUES ($1, $2, $3, $4, $5::text::jsonb)";

pub(crate) const AGREEMENT: &str = "
    SELECT round, turn, proposer, precommits::text AS precommits FROM block_agreement WHERE height = $1";

/// Blocks behind a height, and how they were agreed.
pub(crate) const AGREEMENTS: &str = "
    SELECT height, block_id, round, turn, proposer, precommits::text AS precommits
    FROM block LEFT JOIN block_agreement USING (height) WHERE height > $1 ORDER BY height LIMIT $2";

pub(crate) const TURNS: &str = "
    SELECT height, round, turn, proposer FROM block_agreement WHERE height >= $1 ORDER BY height LIMIT $2";

/// Blocks from `$1` to `$2` as entry bundles, each entry behind its length in two bytes; the first whatever its length,
/// then as many as have `$3` bytes together. A block is not read before it is known that the one before it fits.
pub(crate) const DECIDED: &str = "
    WITH RECURSIVE taken (height, header_index, tree_size, byte_count) AS (
        SELECT height, header_index, tree_size, bundle.byte_count
        FROM block, LATERAL (
            SELECT coalesce(sum(2 + octet_length(bytes)), 0)::bigint AS byte_count
            FROM entry WHERE leaf_index >= header_index AND leaf_index < tree_size
        ) AS bundle
        WHERE height = $1 AND height <= $2
        UNION ALL
        SELECT next.height, next.header_index, next.tree_size, taken.byte_count + bundle.byte_count
        FROM taken JOIN block AS next ON next.height = taken.height + 1, LATERAL (
            SELECT coalesce(sum(2 + octet_length(bytes)), 0)::bigint AS byte_count
            FROM entry WHERE leaf_index >= next.header_index AND leaf_index < next.tree_size
        ) AS bundle
        WHERE next.height <= $2 AND taken.byte_count < $3 AND taken.byte_count + bundle.byte_count <= $3
    )
    SELECT taken.height, taken.tree_size - taken.header_index AS entry_count, bundle.found_count, bundle.bytes, round,
        turn, proposer, precommits::text AS precommits
    FROM taken LEFT JOIN block_agreement USING (height), LATERAL (
        SELECT count(*) AS found_count, coalesce(string_agg(
            substring(int4send(octet_length(bytes)) FROM 3) || bytes, ''::bytea ORDER BY leaf_index), '') AS bytes
        FROM entry WHERE leaf_index >= taken.header_index AND leaf_index < taken.tree_size
    ) AS bundle
    ORDER BY taken.height";

/// What was said first of a block in a round stands.
pub(crate) const SAVE_UNDECIDED: &str = "
    INSERT INTO block_undecided (height, round, block_id, valid_round, proposer, is_valid, bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (height, round, block_id) DO NOTHING";

pub(crate) const UNDECIDED: &str = "
    SELECT round, block_id, valid_round, proposer, is_valid, bytes FROM block_undecided
    WHERE height = $1 ORDER BY round, block_id";

/// From below too, so that dead rows of the blocks before are not looked at while a long reader keeps them.
pub(crate) const FORGET_UNDECIDED: &str = "DELETE FROM block_undecided WHERE height BETWEEN $1 AND $2";

/// A final checkpoint must be one of a block that is here.
pub(crate) const INSERT_FINAL_CHECKPOINT: &str = "
    INSERT INTO final_checkpoint (tree_size, height, root, note)
    SELECT tree_size, height, root, $4::text FROM block WHERE height = $1 AND tree_size = $2 AND root = $3
    ON CONFLICT (tree_size) DO NOTHING";

/// For whoever adds lines to it.
pub(crate) const FINAL_CHECKPOINT_LOCKED: &str = "
    SELECT tree_size, height, root, note FROM final_checkpoint WHERE tree_size = $1 FOR UPDATE";

/// A trigger refuses a note that does not begin with the one that is there.
pub(crate) const EXTEND_FINAL_CHECKPOINT: &str = "
    UPDATE final_checkpoint SET note = $2 WHERE tree_size = $1";

pub(crate) const LAST_FINAL_CHECKPOINT: &str = "
    SELECT tree_size, height, root, note FROM final_checkpoint ORDER BY tree_size DESC LIMIT 1";

pub(crate) const FINAL_CHECKPOINT_COVERING: &str = "
    SELECT tree_size, height, root, note FROM final_checkpoint
    WHERE tree_size >= $1 ORDER BY tree_size LIMIT 1";

pub(crate) const INSERT_EVIDENCE: &str = "
    INSERT INTO evidence (exchange, height, digest, proof)
    SELECT exchange, height, digest, proof::jsonb
    FROM UNNEST($1::text[], $2::bigint[], $3::bytea[], $4::text[]) AS new (exchange, height, digest, proof)
    ON CONFLICT (exchange, height, digest) DO NOTHING";

pub(crate) const MARK_EVIDENCE: &str = "
    UPDATE evidence SET is_reported = true
    FROM UNNEST($1::text[], $2::bigint[], $3::bytea[]) AS reported (exchange, height, digest)
    WHERE (evidence.exchange, evidence.height, evidence.digest)
        = (reported.exchange, reported.height, reported.digest) AND NOT is_reported";

pub(crate) const UNREPORTED_EVIDENCE: &str = "
    SELECT exchange, height, proof::text AS proof FROM evidence WHERE NOT is_reported
    ORDER BY height, exchange, digest LIMIT $1";

pub(crate) const EVIDENCE_COUNTS: &str = "
    SELECT exchange, count(*) AS evidence_count FROM evidence GROUP BY exchange ORDER BY exchange";

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

/// What is known of entries without reading them. A header has no answer, since nobody sent it. Subqueries and no joins:
/// whatever the planner thinks of how many entries are asked for, each has its block and answer looked up.
pub(crate) const ENTRY_FACTS: &str = "
    SELECT leaf_index, height, entry_id, entry_type, octet_length(bytes) AS byte_count,
        (SELECT time_ms FROM block WHERE block.height = entry.height) AS time_ms,
        (SELECT record ->> 'actor' FROM answer WHERE name = entry_id::text) AS actor
    FROM entry
    WHERE leaf_index BETWEEN $1 AND $2 ORDER BY leaf_index";

/// The index `entry_product` has these types and this function.
pub(crate) const PRODUCT_ENTRIES: &str = "
    SELECT leaf_index, bytes, (SELECT time_ms FROM block WHERE block.height = entry.height) AS time_ms
    FROM entry
    WHERE entry_type IN ('product.list', 'product.revise', 'product.pause', 'product.resume', 'product.delist')
        AND product_of_entry(bytes) = $1 AND leaf_index < $2
    ORDER BY leaf_index DESC LIMIT $3";

pub(crate) const ENTRY_BYTES: &str = "
    SELECT leaf_index, bytes FROM entry WHERE leaf_index BETWEEN $1 AND $2 ORDER BY leaf_index";

pub(crate) const LEAF_HASHES: &str = "
    SELECT leaf_index, leaf_hash FROM entry WHERE leaf_index BETWEEN $1 AND $2 ORDER BY leaf_index";

/// Entries from a place on, with the hashes beside them.
pub(crate) const LEAVES: &str = "
    SELECT leaf_index, bytes, leaf_hash FROM entry WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2";

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

/// The same from the end of the journal back.
pub(crate) const POSTINGS_BACKWARDS: &str = "
    SELECT posting.leaf_index, transaction_no, leg, side, amount_minor, pending_minor, asset, kind, window_name,
        entry.entry_id, entry.height, block.time_ms
    FROM posting
    LEFT JOIN entry ON entry.leaf_index = posting.leaf_index
    LEFT JOIN block ON block.height = entry.height
    WHERE account = $1 AND (posting.leaf_index, transaction_no, leg) < ($2, $3, $4)
    ORDER BY account DESC, posting.leaf_index DESC, transaction_no DESC, leg DESC LIMIT $5";

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

/// What the entries from leaf `$1` to the one before `$2` sold, by day, exchanges and asset. `OFFSET 0` keeps the planner
/// from joining whole tables: every record is looked up by its name, for a few thousand entries at a time. A sum that no
/// `bigint` holds is the largest one.
pub(crate) const SALES: &str = "
    WITH page AS MATERIALIZED (
        SELECT entry_id::text AS id, entry_type FROM entry
        WHERE leaf_index >= $1 AND leaf_index < $2
            AND entry_type IN ('order.place', 'order.accept', 'refund.grant', 'dispute.decide')
    ), line (event, at, sale, line, refunded_minor) AS (
        SELECT 'order', placed.at, page.id, placed.line, NULL::bigint
        FROM page, LATERAL (
            SELECT record ->> 'placed_at' AS at,
                generate_series(1, (record ->> 'line_count')::integer)::text AS line
            FROM purchase_order WHERE name = page.id OFFSET 0
        ) AS placed WHERE entry_type = 'order.place'
        UNION ALL
        SELECT 'acceptance', accepted.at, accepted.sale, accepted.line, NULL
        FROM page, LATERAL (
            SELECT record ->> 'accepted_at' AS at, purchase_order AS sale,
                jsonb_array_elements_text(record -> 'lines') AS line
            FROM acceptance WHERE name = page.id OFFSET 0
        ) AS accepted WHERE entry_type = 'order.accept'
        UNION ALL
        SELECT 'refund', refunded.at, refunded.sale, refunded.line ->> 'line',
            (refunded.line ->> 'net_minor')::bigint
        FROM page, LATERAL (
            SELECT record ->> 'granted_at' AS at, purchase_order AS sale,
                jsonb_array_elements(record -> 'lines') AS line
            FROM refund WHERE name = page.id OFFSET 0
        ) AS refunded WHERE entry_type IN ('refund.grant', 'dispute.decide')
    )
    SELECT left(at, 10) AS day, listing_exchange, buying_exchange, asset,
        count(*) FILTER (WHERE event = 'order') AS ordered_licence_count,
        coalesce(sum(unit_count) FILTER (WHERE event = 'order'), 0)::bigint AS ordered_unit_count,
        least(coalesce(sum(net_minor) FILTER (WHERE event = 'order'), 0), 9223372036854775807)::bigint
            AS ordered_net_minor,
        count(*) FILTER (WHERE event = 'acceptance') AS accepted_licence_count,
        least(coalesce(sum(net_minor) FILTER (WHERE event = 'acceptance'), 0), 9223372036854775807)::bigint
            AS accepted_net_minor,
        count(*) FILTER (WHERE event = 'refund') AS refund_count,
        least(coalesce(sum(refunded_minor), 0), 9223372036854775807)::bigint AS refunded_net_minor
    FROM line, LATERAL (
        SELECT record ->> 'book' AS buying_exchange FROM purchase_order WHERE name = sale OFFSET 0
    ) AS of_order, LATERAL (
        SELECT record ->> 'exchange' AS listing_exchange, record ->> 'asset' AS asset,
            (record ->> 'quantity')::bigint AS unit_count, (record ->> 'net_minor')::bigint AS net_minor
        FROM licence WHERE name = sale || '.' || line OFFSET 0
    ) AS of_licence
    GROUP BY day, listing_exchange, buying_exchange, asset";

/// The windows that were closed from day `$1` to day `$2`.
pub(crate) const WINDOW_SETTLEMENTS: &str = "
    SELECT name, state, record ->> 'opened_at' AS opened_at, closed_at,
        record #>> '{state,settled_at}' AS settled_at, coalesce(instruction_count, 0) AS instruction_count,
        least(coalesce(amount, 0), 9223372036854775807)::bigint AS amount_minor
    FROM settlement_window, LATERAL (
        SELECT record #>> '{state,closed_at}' AS closed_at
    ) AS closing, LATERAL (
        SELECT count(*) AS instruction_count, sum((instruction ->> 'amount_minor')::bigint) AS amount
        FROM jsonb_array_elements(record #> '{state,instructions}') AS instruction
    ) AS payments
    WHERE left(closed_at, 10) BETWEEN $1 AND $2
    ORDER BY closed_at, place";

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

pub(crate) const DELETE_CUSTODY_KEY: &str = "DELETE FROM custody_key WHERE party = $1 AND key_id = $2";

pub(crate) const CUSTODY_KEY: &str = "SELECT key_id, sealed FROM custody_key WHERE party = $1";

/// Takes the writer's lock for the life of the session, or says that it is taken. A replica gives locks of its own.
pub(crate) const TRY_LOCK: &str =
    "SELECT pg_try_advisory_lock($1) AS is_ours, pg_is_in_recovery() AS is_replica";

/// Waits for a lock, at most the session's `lock_timeout`.
pub(crate) const LOCK: &str = "SELECT pg_advisory_lock($1), pg_is_in_recovery() AS is_replica";

/// How far a replica has come. Who is no superuser sees in `pg_stat_wal_receiver` whether there is a row, no more.
pub(crate) const REPLICA_LAG: &str = "
    SELECT pg_is_in_recovery() AS is_replica,
        EXISTS (SELECT FROM pg_stat_wal_receiver) AS is_streaming,
        coalesce((SELECT height FROM chain_head), 0) AS height,
        CASE WHEN pg_is_in_recovery() THEN coalesce(greatest(
            pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0), 0)::bigint
        ELSE 0 END AS bytes_waiting";

/// How far a server is, and the root after block `$1` if it has it.
pub(crate) const REACHED: &str = "
    SELECT coalesce((SELECT height FROM chain_head), 0) AS height,
        (SELECT root FROM block WHERE height = $1) AS root";

/// How values are written as text, whatever the server's settings.
pub(crate) const TEXT_SETTINGS: &str = "
    SELECT set_config('bytea_output', 'hex', true), set_config('timezone', 'UTC', true),
        set_config('datestyle', 'ISO', true)";

/// The columns of every table of the program's schema, in order. The catalogue is read itself: its views show only what
/// the user owns.
pub(crate) const SCANNED_COLUMNS: &str = "
    SELECT pg_class.relname::text AS table_name, attname::text AS column_name,
        format_type(atttypid, NULL) AS data_type,
        CASE WHEN attgenerated <> '' THEN pg_get_expr(adbin, adrelid) END AS generated_from,
        (array_position(string_to_array(indkey::text, ' ')::smallint[], attnum) - 1)::integer AS key_place
    FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = 'public'
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
    WHERE relkind IN ('r', 'p')
    ORDER BY pg_class.relname, attnum";

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

/// Number of records of each of these kinds, one row.
pub(crate) fn record_counts(nouns: &[Noun]) -> String {
    let counts: Vec<_> =
        nouns.iter().map(|noun| format!("(SELECT count(*) FROM {0}) AS {0}", noun.as_str())).collect();
    format!("SELECT {}", counts.join(", "))
}

#[cfg(test)]
mod tests;
