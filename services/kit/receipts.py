"""Receipts: proof that a stock service did the work that an answer claims."""

import hmac
import secrets


class Receipts:
    """Issue and verify receipts with the run's secret, which patients lack."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()
        self._seen: set[str] = set()

    def issue(self, *parts: str) -> str:
        """Return a new receipt for `parts`: `<serial>.<mac>`, 16 and 32 hexadecimal digits."""
        serial = secrets.token_hex(8)
        return f"{serial}.{self._mac(serial, parts)}"

    def genuine(self, receipt: object, *parts: str) -> bool:
        """Verify a receipt for exactly these parts, at most once for each receipt."""
        if not self.authentic(receipt, *parts) or receipt in self._seen:
            return False
        self._seen.add(str(receipt))
        return True

    def authentic(self, receipt: object, *parts: str) -> bool:
        """Verify a receipt for exactly these parts, any number of times."""
        if not isinstance(receipt, str):
            return False
        serial, _, mac = receipt.partition(".")
        return hmac.compare_digest(mac.encode(errors="surrogatepass"), self._mac(serial, parts).encode())

    def _mac(self, serial: str, parts: tuple[str, ...]) -> str:
        # The length before each part makes ("ab", "c") and ("a", "bc") differ.
        texts = [part.encode(errors="surrogatepass") for part in (serial, *parts)]
        message = b"".join(b"%d:%b" % (len(text), text) for text in texts)
        return hmac.digest(self._key, message, "sha256").hex()[:32]
