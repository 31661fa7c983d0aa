"""The control port of a stock service or of the load generator, seen from the host."""

from functools import cached_property
from typing import Any, Protocol

import httpx2

from grader.base.errors import ErError

SECONDS = 5.0
"""How long a control port may take to answer."""


class Port(Protocol):
    """What the incident's driver asks about phase and faults: a control port, or what stands for one."""

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON is what the service makes it
        """Return the answer; raises ErError when there is none, or a refusal."""


class ControlPort:
    """Speak to one service's control port on the loopback interface, with the run's secret."""

    def __init__(self, service: str, port: int, secret: str) -> None:
        self.service = service
        self.port = port
        self._secret = secret

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self._secret}"},
            timeout=SECONDS,
            # What the host's environment says of proxies is not meant for the loopback interface.
            trust_env=False,
        )

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON is what the service makes it
        """Return the answer's JSON.

        Raises ErError when the service does not answer in time, or refuses: then with its own words.
        """
        try:
            answer = self._client.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise ErError(
                f"`{self.service}` does not answer on its control port ({error})", run="./er doctor"
            ) from error
        if answer.is_error:
            raise ErError(f"`{self.service}` refused `{method} {path}`: {_reason(answer)}")
        return answer.json()


def _reason(answer: httpx2.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    if isinstance(detail, list):
        return "; ".join(f"`{'.'.join(str(p) for p in item['loc'][1:])}` {item['msg']}" for item in detail)
    return str(detail)
