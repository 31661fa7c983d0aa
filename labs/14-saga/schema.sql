-- The database of orders: the log of its sagas.
CREATE ROLE patient LOGIN PASSWORD 'patient';
REVOKE TEMPORARY ON DATABASE postgres FROM public;

CREATE TABLE sagas (
    id text PRIMARY KEY, -- the order's number
    wanted jsonb NOT NULL, -- the order, as it came
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'cancelling', 'shipped', 'cancelled')),
    step int NOT NULL DEFAULT 0, -- how many steps are done, and not undone
    receipt text, -- shipping's
    due timestamptz NOT NULL DEFAULT now() -- when somebody may go on with it
);
CREATE INDEX ON sagas (due) WHERE state IN ('pending', 'cancelling');
GRANT SELECT, INSERT, UPDATE ON sagas TO patient;

-- Who would rather have tables of his own may make them; and so may the library dbos, in the schema of its name.
GRANT CREATE ON SCHEMA public TO patient;
CREATE SCHEMA dbos AUTHORIZATION patient;
