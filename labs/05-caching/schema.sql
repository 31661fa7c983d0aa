-- The pricing database computes a price from the quotes of all suppliers, with every discount.
CREATE EXTENSION pg_stat_statements;
CREATE ROLE patient LOGIN PASSWORD 'patient';
-- This role owns the data, changes prices and reads the database's statistics.
CREATE ROLE pricing LOGIN IN ROLE pg_read_all_stats;
REVOKE TEMPORARY ON DATABASE postgres FROM public;
GRANT CREATE ON SCHEMA public TO pricing;
SET ROLE pricing;

CREATE TABLE products (product int PRIMARY KEY, name text NOT NULL);
CREATE TABLE prices (
    product int NOT NULL REFERENCES products,
    currency text NOT NULL,
    rate numeric NOT NULL,
    version int NOT NULL DEFAULT 1,
    receipt text NOT NULL DEFAULT '',
    PRIMARY KEY (product, currency)
);
CREATE TABLE quotes (product int NOT NULL REFERENCES products, supplier int NOT NULL, cents numeric NOT NULL);
CREATE TABLE discounts (pieces int PRIMARY KEY, percent numeric NOT NULL);

INSERT INTO products
SELECT number, initcap(name) FROM unnest(ARRAY[
    'kettle', 'lamp', 'teapot', 'clock', 'radio', 'chair', 'mirror', 'vase',
    'stool', 'rug', 'basket', 'tray', 'candle', 'blanket', 'frame', 'bowl'
]) WITH ORDINALITY AS named (name, number);
INSERT INTO prices (product, currency, rate)
SELECT product, currency, rate FROM products, (VALUES ('EUR', 0.92), ('USD', 1.08)) AS offered (currency, rate);
INSERT INTO quotes
SELECT product, supplier, 900 + (product * 7919 + supplier * 104729) % 4000 FROM products, generate_series(1, 800) AS supplier;
INSERT INTO discounts SELECT 5 * step, step * 0.6 FROM generate_series(1, 40) AS step;
CREATE INDEX ON quotes (product);
ANALYZE;

-- The patient reads prices only through this function. An unknown product has no row.
CREATE FUNCTION price(wanted int, wanted_in text)
RETURNS TABLE (product int, name text, currency text, price numeric, version int, receipt text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT product, name, currency, round(rate * fair / 100, 2), version, receipt
    FROM products JOIN prices USING (product) CROSS JOIN LATERAL (
        SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY cents * (100 - percent) / 100)::numeric AS fair
        FROM quotes CROSS JOIN discounts WHERE quotes.product = products.product
    ) AS offers
    WHERE product = wanted AND currency = wanted_in;
END
$$;
REVOKE ALL ON FUNCTION price FROM public;
GRANT EXECUTE ON FUNCTION price TO patient;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM pricing;
SELECT pg_stat_statements_reset();
