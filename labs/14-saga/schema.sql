-- The database of orders holds the log of its sagas.
CREATE ROLE patient LOGIN PASSWORD 'patient';
REVOKE TEMPORARY ON DATABASE postgres FROM public;

CREATE TABLE sagas (
    id text PRIMARY KEY, -- the order's number
    wanted jsonb NOT NULL, -- the order, as it came
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'cancelling', 'shipped', 'cancelled')),
    step int NOT NULL DEFAULT 0, -- number of steps done and not undone
    receipt text, -- from shipping
    failures int NOT NULL DEFAULT 0, -- attempts of the next step that have failed
    due timestamptz NOT NULL DEFAULT now() -- when a replica may continue it
);
CREATE INDEX ON sagas (due) WHERE state IN ('pending', 'cancelling');
GRANT SELECT, INSERT, UPDATE ON sagas TO patient;

-- A patient may create tables of its own, and the library dbos may too, in the schema of its name.
GRANT CREATE ON SCHEMA public TO patient;
CREATE SCHEMA dbos AUTHORIZATION patient;
