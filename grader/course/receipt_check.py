"""The check that every lab has unless its manifest says why not: answers carry the receipts of stock services."""

CHECK = {
    "name": "answers-are-real",
    "kind": "exact",
    "value": 'sum(load_tally_total{tally="unreal_answer"})',
    "max": 0,
}
"""The load generator verifies each receipt that a user asks for with `receipt_for`, and tallies each wrong answer."""

SAYS = "Every successful answer carries the receipt of the stock service that did the work."
"""What the check says in a lab that does not say it in its own words."""


def with_receipts(document: object) -> object:
    """Append the check to a manifest's document, unless it has `unreceipted`.

    Raises ValueError when the document has `receipts` as well.
    """
    if not isinstance(document, dict) or not isinstance(document.get("check"), list):
        return document
    if "unreceipted" in document:
        if "receipts" in document:
            raise ValueError("a manifest has `receipts` or `unreceipted`, not both")
        return document
    says = document.get("receipts", SAYS)
    # A wrong `receipts` is reported as such, and not as a check that the file does not have.
    return {**document, "check": [*document["check"], {**CHECK, "says": says if isinstance(says, str) else SAYS}]}
