"""The check of receipts, which a lab has by default."""

CHECK = {
    "name": "answers-are-real",
    "kind": "exact",
    "value": 'sum(load_tally_total{tally="unreal_answer"})',
    "max": 0,
}
"""The load generator verifies each receipt that a user requests with `receipt_for`, and counts wrong answers."""

SAYS = "Every successful answer carries the receipt of the stock service that did the work."
"""What the check says in a lab without words of its own."""


def with_receipts(document: object) -> object:
    """Append the check to a manifest's document, unless it has `unreceipted`.

    Raises ValueError when the document has `receipts` as well.
    """
    if not isinstance(document, dict) or not isinstance(document.get("check"), list):
        return document
    if "unreceipted" in document:
        if "receipts" in document:
            raise ValueError("a manifest must have `receipts` or `unreceipted`, not both")
        return document
    says = document.get("receipts", SAYS)
    # A wrong `receipts` is reported by its key, not as a check that the file does not have.
    return {**document, "check": [*document["check"], {**CHECK, "says": says if isinstance(says, str) else SAYS}]}
