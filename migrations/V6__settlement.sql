-- Settlement across exchanges: holds in two phases, vouchers, disputes, taxes, revenue shares, windows that are signed
-- and paid, and breaks.
-- Why now: money that is set aside no longer moves to an account of its own, it is pending where it is; each new kind
-- of record needs its table; and a window's lines must be found by the window.
--
-- Tables and columns are only added, and the CHECKs are widened. What money means did change: accounts `available` and
-- `held` have become `funds` with pending sums, and records of orders, licences, refunds and schedules have members
-- that the earlier ones lack. Nobody has deployed the earlier form, so there is no way to carry it over; a database
-- that holds any of it is refused as a whole instead of being read wrongly.
DO $$
BEGIN
    IF EXISTS (SELECT FROM account WHERE name LIKE '%:held:%' OR name LIKE '%:available:%')
        OR EXISTS (SELECT FROM posting WHERE kind IN ('release', 'return'))
        OR EXISTS (SELECT FROM schedule WHERE record ? 'supplier_fee')
        OR EXISTS (SELECT FROM settlement_window WHERE state = 'closed' AND NOT record -> 'state' ? 'closing_at')
    THEN
        RAISE EXCEPTION 'this database holds money of the form before settlement, which this program cannot read'
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Found a new ledger in an empty database, or keep this one with the program that wrote it.';
    END IF;
END
$$;

-- What is posted and what can be spent, on the account's normal side. Only what exchanges owe one another, and what
-- they bear as differences, has either sign.
ALTER TABLE account
    DROP CONSTRAINT account_balance_minor_check,
    ADD COLUMN purpose text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(name, ':', 3)) STORED
        CHECK (purpose IN ('funds', 'voucher', 'tax', 'fees', 'bank', 'clearing', 'difference')),
    ADD COLUMN debits_pending_minor bigint NOT NULL
        GENERATED ALWAYS AS (coalesce((record ->> 'debits_pending_minor')::bigint, 0)) STORED
        CHECK (debits_pending_minor >= 0),
    ADD COLUMN credits_pending_minor bigint NOT NULL
        GENERATED ALWAYS AS (coalesce((record ->> 'credits_pending_minor')::bigint, 0)) STORED
        CHECK (credits_pending_minor >= 0),
    ADD COLUMN available_minor bigint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN split_part(name, ':', 3) = 'bank'
            THEN (record ->> 'debits_minor')::bigint - (record ->> 'credits_minor')::bigint
                - coalesce((record ->> 'credits_pending_minor')::bigint, 0)
            ELSE (record ->> 'credits_minor')::bigint - (record ->> 'debits_minor')::bigint
                - coalesce((record ->> 'debits_pending_minor')::bigint, 0)
        END
    ) STORED,
    ADD CONSTRAINT account_available_minor_check
        CHECK (available_minor >= 0 OR purpose IN ('clearing', 'difference'));

-- A leg may change what is pending, post, or both at once.
ALTER TABLE posting
    DROP CONSTRAINT posting_amount_minor_check,
    DROP CONSTRAINT posting_kind_check,
    ADD COLUMN pending_minor bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT posting_amount_minor_check CHECK (amount_minor >= 0),
    ADD CONSTRAINT posting_moves_check CHECK (amount_minor > 0 OR pending_minor <> 0),
    ADD CONSTRAINT posting_kind_check CHECK (kind IN ('deposit', 'withdrawal', 'hold', 'post', 'void', 'expire',
        'refund', 'fee', 'voucher', 'settlement', 'write_off'));
-- Windows of an asset follow one another in the ledger, so a window is a range of leaves, and this index says which.
-- An account's postings in it are then a range of `posting_account`. New rows go to its end, and legs share a key.
CREATE INDEX posting_window ON posting (asset, (split_part(window_name, '#', 2)::bigint), leaf_index);

ALTER TABLE licence
    DROP CONSTRAINT licence_state_check,
    ADD CONSTRAINT licence_state_check
        CHECK (state IN ('ordered', 'delivered', 'active', 'rejected', 'expired', 'refunded'));

ALTER TABLE settlement_window
    DROP CONSTRAINT settlement_window_state_check,
    ADD CONSTRAINT settlement_window_state_check
        CHECK (state IN ('open', 'closing', 'closed', 'settling', 'settled', 'aborted'));

-- All lines of a window are those of its acceptances and its refunds.
ALTER TABLE refund
    ADD COLUMN settlement_window text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'window') STORED;
CREATE INDEX refund_settlement_window ON refund (settlement_window, name);

CREATE TABLE acceptance (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'order') STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    settlement_window text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'window') STORED,
    CHECK (record ->> 'id' = name)
);
CREATE INDEX acceptance_purchase_order ON acceptance (purchase_order, name);
CREATE INDEX acceptance_buyer ON acceptance (buyer, name);
CREATE INDEX acceptance_settlement_window ON acceptance (settlement_window, name);

-- A hold is rewritten at each acceptance of its order; the indexed columns change once, at its end. `expires_at` is
-- RFC 3339 in UTC with three decimals, which sorts as text; a dispute's hold has none and is never due.
CREATE TABLE hold (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    holder text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'holder') STORED,
    asset text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'asset') STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('pending', 'posted', 'voided', 'expired')),
    expires_at text COLLATE "C" GENERATED ALWAYS AS (record -> 'state' ->> 'expires_at') STORED,
    left_minor bigint NOT NULL GENERATED ALWAYS AS ((record ->> 'amount_minor')::bigint
        - (record ->> 'posted_minor')::bigint - (record ->> 'returned_minor')::bigint) STORED
        CHECK (left_minor >= 0),
    CHECK (record ->> 'id' = name),
    CHECK ((record ->> 'posted_minor')::bigint >= 0 AND (record ->> 'returned_minor')::bigint >= 0),
    -- What has ended holds nothing, and what holds nothing has ended.
    CONSTRAINT hold_ends_when_empty CHECK ((state = 'pending') = (left_minor > 0))
) WITH (fillfactor = 80);
CREATE INDEX hold_holder ON hold (holder, name);
CREATE INDEX hold_state ON hold (state, name);
CREATE INDEX hold_due ON hold (expires_at, name) WHERE state = 'pending';

-- Rewritten with every order that it pays for.
CREATE TABLE voucher (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    holder text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'holder') STORED,
    CHECK (record ->> 'id' = name),
    CHECK ((record ->> 'left_minor')::bigint BETWEEN 0 AND (record ->> 'issued_minor')::bigint)
) WITH (fillfactor = 80);
CREATE INDEX voucher_holder ON voucher (holder, name);

CREATE TABLE dispute (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'order') STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('open', 'decided')),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX dispute_purchase_order ON dispute (purchase_order, name);
CREATE INDEX dispute_buyer ON dispute (buyer, name);
CREATE INDEX dispute_supplier ON dispute (supplier, name);
CREATE INDEX dispute_state ON dispute (state, name);

CREATE TABLE tax_table (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lpad(name, 20, '0')) STORED,
    CHECK (record ->> 'version' = name)
);
CREATE UNIQUE INDEX tax_table_place ON tax_table (place);

-- The latest version of a product's tree is rewritten with its orders: it carries what divisions left over.
CREATE TABLE share_tree (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (split_part(name, '@', 1) || '@' || lpad(split_part(name, '@', 2), 20, '0')) STORED,
    product text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'product') STORED,
    CHECK ((record ->> 'product') || '@' || (record ->> 'version') = name)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX share_tree_place ON share_tree (place);
CREATE INDEX share_tree_product ON share_tree (product, place);

CREATE TABLE settlement_break (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    settlement_window text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'window') STORED,
    pair text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'pair') STORED,
    kind text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'kind') STORED
        CHECK (kind IN ('missing_left', 'missing_right', 'amount', 'currency', 'duplicate', 'timing', 'status',
            'party', 'fee_rule', 'tax', 'rounding', 'orphan_refund', 'over_refund', 'ambiguous', 'external', 'root')),
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('opened', 'assigned', 'evidenced', 'proposed', 'approved', 'resolved', 'written_off',
            'escalated')),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX settlement_break_settlement_window ON settlement_break (settlement_window, name);
CREATE INDEX settlement_break_pair ON settlement_break (pair, name);
CREATE INDEX settlement_break_kind ON settlement_break (kind, name);
CREATE INDEX settlement_break_state ON settlement_break (state, name);
