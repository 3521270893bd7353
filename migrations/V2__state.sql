-- The state of the market: one table per noun of `market::Noun`, a record per row in its one JSON form.
-- Why now: rules read records by name, lists read them by a few columns. Both come from `record`, so a column cannot
-- disagree with it: columns are generated, and a record cannot be filed under another's name.
--
-- `name` sorts by bytes (collation "C"): names are ASCII, ids are UUIDv7, so the order of names is the order of age,
-- and paging by name is the same on every server. Where a name ends in a number, `place` pads it, and lists go by that.
-- Each index serves one filter in the order of the list: (column, name) or (column, place).

CREATE TABLE answer (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    CHECK (record ->> 'id' = name)
);

CREATE TABLE region (
    name text COLLATE "C" PRIMARY KEY CHECK (name = 'region'),
    record jsonb NOT NULL
);

-- Rewritten with every certificate.
CREATE TABLE exchange (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    CHECK (record ->> 'code' = name)
) WITH (fillfactor = 50);

CREATE TABLE signing_key (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    CHECK (record ->> 'id' = name)
);

-- `roles` has no index: parties are few, and most of them have the role that is asked for.
CREATE TABLE party (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    home_exchange text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'home_exchange') STORED,
    legal_identifier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'legal_identifier') STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('certified', 'revoked')),
    roles jsonb NOT NULL GENERATED ALWAYS AS (record -> 'roles') STORED CHECK (jsonb_array_length(roles) > 0),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX party_home_exchange ON party (home_exchange, name);
CREATE INDEX party_legal_identifier ON party (legal_identifier, name);

CREATE TABLE data_right (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    holder text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'holder') STORED,
    CHECK (record ->> 'id' = name)
);
CREATE INDEX data_right_holder ON data_right (holder, name);

-- `search_text`: titles, descriptions and keywords of both languages in lower case, for LIKE. The keywords are a JSON
-- array; its brackets and quotes become spaces.
CREATE TABLE product (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    data_right text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'right') STORED,
    data_class text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'data_class') STORED
        CHECK (data_class IN ('public', 'quasi_public', 'enterprise', 'personal')),
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'state') STORED
        CHECK (state IN ('listed', 'ordering_paused', 'delisted')),
    kind text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'details' ->> 'kind') STORED
        CHECK (kind IN ('dataset', 'api_service', 'report', 'model', 'compute')),
    search_text text NOT NULL GENERATED ALWAYS AS (lower(
        coalesce(record #>> '{details,title,zh}', '') || E'\n' ||
        coalesce(record #>> '{details,title,en}', '') || E'\n' ||
        translate(coalesce(record #>> '{details,keywords}', ''), '[]"', '   ') || E'\n' ||
        coalesce(record #>> '{details,description,zh}', '') || E'\n' ||
        coalesce(record #>> '{details,description,en}', '')
    )) STORED,
    CHECK (record ->> 'id' = name),
    CHECK ((record ->> 'revision')::bigint > 0)
);
CREATE INDEX product_supplier ON product (supplier, name);
CREATE INDEX product_data_right ON product (data_right, name);
CREATE INDEX product_data_class ON product (data_class, name);
CREATE INDEX product_state ON product (state, name);
CREATE INDEX product_kind ON product (kind, name);

CREATE TABLE offer (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    product text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'product') STORED,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'state') STORED
        CHECK (state IN ('open', 'withdrawn')),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX offer_product ON offer (product, name);
CREATE INDEX offer_supplier ON offer (supplier, name);
CREATE INDEX offer_state ON offer (state, name);

-- An order is rewritten at each acceptance, at refunds and at its certificate; no indexed column changes then, so some
-- free space on the page makes these HOT updates.
CREATE TABLE purchase_order (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    reference text COLLATE "C" GENERATED ALWAYS AS (record ->> 'reference') STORED,
    order_group text COLLATE "C" GENERATED ALWAYS AS (record -> 'group' ->> 'name') STORED,
    CHECK (record ->> 'id' = name),
    CHECK ((record ->> 'line_count')::bigint BETWEEN 1 AND 400),
    CHECK ((record ->> 'open_line_count')::bigint >= 0 AND (record ->> 'accepted_line_count')::bigint >= 0
        AND (record ->> 'open_line_count')::bigint + (record ->> 'accepted_line_count')::bigint
            <= (record ->> 'line_count')::bigint),
    CHECK ((record ->> 'refunded_minor')::bigint BETWEEN 0 AND (record ->> 'total_minor')::bigint)
) WITH (fillfactor = 80);
CREATE INDEX purchase_order_buyer ON purchase_order (buyer, name);
CREATE INDEX purchase_order_reference ON purchase_order (reference, name) WHERE reference IS NOT NULL;
CREATE INDEX purchase_order_group ON purchase_order (order_group, name) WHERE order_group IS NOT NULL;

-- `state` has no index on purpose: it changes twice or more in a licence's life, and an index on it would turn each of
-- these HOT updates into one of every index. Who asks for a state asks for a buyer, supplier or order as well.
CREATE TABLE licence (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (split_part(name, '.', 1) || '.' || lpad(split_part(name, '.', 2), 10, '0')) STORED,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(name, '.', 1)) STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    product text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'product') STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('ordered', 'delivered', 'active', 'rejected', 'refunded')),
    CHECK (record ->> 'id' = name),
    CHECK ((record ->> 'refunded_minor')::bigint BETWEEN 0 AND (record ->> 'net_minor')::bigint)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX licence_place ON licence (place);
CREATE INDEX licence_purchase_order ON licence (purchase_order, place);
CREATE INDEX licence_buyer ON licence (buyer, place);
CREATE INDEX licence_supplier ON licence (supplier, place);
CREATE INDEX licence_product ON licence (product, place);

CREATE TABLE delivery (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'order') STORED,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    CHECK (record ->> 'id' = name)
);
CREATE INDEX delivery_purchase_order ON delivery (purchase_order, name);
CREATE INDEX delivery_supplier ON delivery (supplier, name);
CREATE INDEX delivery_buyer ON delivery (buyer, name);

CREATE TABLE refund (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'order') STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'buyer') STORED,
    supplier text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'supplier') STORED,
    CHECK (record ->> 'id' = name)
);
CREATE INDEX refund_purchase_order ON refund (purchase_order, name);
CREATE INDEX refund_buyer ON refund (buyer, name);
CREATE INDEX refund_supplier ON refund (supplier, name);

-- Money. The rules never let a balance fall below zero; the CHECK is there for the day they do. `balance_minor` is on
-- the account's normal side: debits less credits at a bank, credits less debits everywhere else.
-- A hot account is rewritten with every block: half of each page is kept free so that the new version stays on it, and
-- vacuum comes after few dead rows instead of a fifth of the table.
CREATE TABLE account (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    holder text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (split_part(name, ':', 1) || ':' || split_part(name, ':', 2)) STORED,
    asset text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(name, ':', 4)) STORED,
    debits_minor bigint NOT NULL GENERATED ALWAYS AS ((record ->> 'debits_minor')::bigint) STORED
        CHECK (debits_minor >= 0),
    credits_minor bigint NOT NULL GENERATED ALWAYS AS ((record ->> 'credits_minor')::bigint) STORED
        CHECK (credits_minor >= 0),
    balance_minor bigint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN split_part(name, ':', 3) = 'bank'
            THEN (record ->> 'debits_minor')::bigint - (record ->> 'credits_minor')::bigint
            ELSE (record ->> 'credits_minor')::bigint - (record ->> 'debits_minor')::bigint
        END
    ) STORED CHECK (balance_minor >= 0),
    CHECK (record ->> 'id' = name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX account_holder ON account (holder, name);

CREATE TABLE schedule (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (split_part(name, '@', 1) || '@' || lpad(split_part(name, '@', 2), 20, '0')) STORED,
    asset text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(name, '@', 1)) STORED,
    CHECK (record ->> 'version' = name)
);
CREATE UNIQUE INDEX schedule_place ON schedule (place);

-- The open window of each asset is rewritten with every block; see `account`.
CREATE TABLE settlement_window (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (split_part(name, '#', 1) || '#' || lpad(split_part(name, '#', 2), 20, '0')) STORED,
    asset text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(name, '#', 1)) STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('open', 'closed')),
    CHECK (record ->> 'id' = name),
    -- Of each asset at most one window is open. Deferred to the commit, since a closing writes both windows in order
    -- of name, and #10 comes before #9.
    CONSTRAINT one_open_window EXCLUDE USING btree (asset WITH =) WHERE (state = 'open')
        DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX settlement_window_place ON settlement_window (place);
CREATE INDEX settlement_window_state ON settlement_window (state, place);

CREATE TABLE certificate (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    purchase_order text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'order') STORED,
    buyer text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'facts' ->> 'buyer') STORED,
    CHECK (record ->> 'number' = name)
);
CREATE INDEX certificate_purchase_order ON certificate (purchase_order, name);
CREATE INDEX certificate_buyer ON certificate (buyer, name);

CREATE TABLE claim (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    CHECK (record ->> 'name' = name)
);

-- Few rows that only count up.
CREATE TABLE head (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    CHECK (record ->> 'name' = name)
) WITH (fillfactor = 50);
