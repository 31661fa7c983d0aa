import httpx2
import pytest
from serving import SECRET, Stock

pytestmark = pytest.mark.anyio

ROUTES = [
    ("PUT", "/phase"),
    ("GET", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("DELETE", "/faults/1"),
    ("GET", "/metrics"),
    ("GET", "/healthz"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/"),
]
NO_KEYS = [
    None,
    "",
    SECRET,
    f"Basic {SECRET}",
    f"bearer {SECRET}",
    f"Bearer {SECRET[:-1]}",
    f"Bearer {SECRET}0",
    f"Bearer {SECRET.upper()}",
    "Bearer",
    "Bearer é",
]


async def ask(stock: Stock, method: str, path: str, key: str | None) -> httpx2.Response:
    headers = {} if key is None else {b"Authorization": key.encode()}
    async with httpx2.AsyncClient(base_url=stock.control.base_url, trust_env=False, verify=False) as stranger:
        body = {"name": "surge"} if method == "PUT" else {"kind": "error"} if method == "POST" else None
        return await stranger.request(method, path, headers=headers, json=body)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_path_of_the_control_port_answers_401_without_the_secret(
    stock: Stock, method: str, path: str
) -> None:
    answer = await ask(stock, method, path, None)
    assert (answer.status_code, answer.content) == (401, b"")
    assert (stock.service.phase.current, stock.service.faults.active) == ("idle", [])


@pytest.mark.parametrize("key", NO_KEYS)
async def test_only_the_whole_secret_as_a_bearer_token_is_accepted(stock: Stock, key: str | None) -> None:
    answer = await ask(stock, "PUT", "/phase", key)
    assert (answer.status_code, answer.content) == (401, b"")
    assert stock.service.phase.current == "idle"


async def test_the_secret_is_accepted(stock: Stock) -> None:
    answer = await ask(stock, "PUT", "/phase", f"Bearer {SECRET}")
    assert (answer.status_code, answer.json()) == (200, {"name": "surge"})
    assert stock.service.phase.current == "surge"


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[1] != "/healthz"])
async def test_the_service_itself_serves_nothing_of_its_control_port(stock: Stock, method: str, path: str) -> None:
    answer = await stock.user.request(method, path, headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["", "Surge", 'surge"} 1', "a" * 65, None, 7])
async def test_a_phase_has_a_name_that_a_label_can_hold(stock: Stock, name: object) -> None:
    answer = await stock.control.put("/phase", json={"name": name})
    assert answer.status_code == 422
    assert stock.service.phase.current == "idle"
