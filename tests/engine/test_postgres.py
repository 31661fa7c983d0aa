"""Postgres as labs run it: the rights of a patient, and faults."""

import asyncio

import asyncpg
import pytest
from real_stores import Store

from grader.base.errors import ErError
from grader.engine.container_faults import STORE_FAULTS, ContainerPort
from grader.engine.port import InjectedFault

pytestmark = pytest.mark.engine


async def ask(url: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


def test_a_patient_gets_the_price_of_a_sold_item_only(postgres: Store) -> None:
    (row,) = asyncio.run(ask(postgres.patient, "SELECT * FROM price(3, 'EUR')"))
    assert dict(row)["name"] == "Teapot"
    assert asyncio.run(ask(postgres.patient, "SELECT * FROM price(903, 'EUR')")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM prices",
        "SELECT * FROM quotes",
        "UPDATE prices SET version = 99",
        "SELECT pg_stat_statements_reset()",
        "SELECT pg_stat_reset()",
        "CREATE TABLE own ()",
        "CREATE TEMPORARY TABLE own ()",
        "CREATE OR REPLACE FUNCTION price(wanted int, wanted_in text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER ROLE patient SUPERUSER",
        "SET ROLE pricing",
        "SELECT pg_read_file('/data/pg_hba.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pricing'",
    ],
)
def test_a_patient_may_run_no_other_statement(postgres: Store, statement: str) -> None:
    async def while_the_owner_is_there() -> None:
        owner = await asyncpg.connect(postgres.owner)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await ask(postgres.patient, statement)
        finally:
            await owner.close()

    asyncio.run(while_the_owner_is_there())


@pytest.mark.parametrize("role", ["postgres", "pricing"])
def test_no_other_role_connects_over_the_network(postgres: Store, role: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        asyncio.run(ask(postgres.patient.replace("patient:patient", role), "SELECT 1"))


def test_a_refusing_database_cuts_the_patient_off_until_it_is_healed(postgres: Store) -> None:
    port = ContainerPort("postgres", postgres.container, STORE_FAULTS["postgres"])

    async def cut_off() -> None:
        connection = await asyncpg.connect(postgres.patient)
        port.replace([InjectedFault("refuse")])
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)):
            await connection.fetch("SELECT 1")
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(postgres.patient)
        assert port.faults().active == [InjectedFault("refuse")]
        assert port.heal() == 1
        assert await ask(postgres.patient, "SELECT 1")

    asyncio.run(cut_off())


def test_a_paused_database_answers_again_once_it_is_healed(postgres: Store) -> None:
    port = ContainerPort("postgres", postgres.container, STORE_FAULTS["postgres"])
    port.replace([InjectedFault("pause")])
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(ask(postgres.patient, "SELECT 1"), 0.3))
    with pytest.raises(ErError, match="it has `pause`, `refuse`"):
        port.inject(InjectedFault("restart"))
    port.replace([])
    assert asyncio.run(ask(postgres.patient, "SELECT 1"))
