"""Plain English: words and beginnings to avoid, and the longest sentence."""

import re
from collections.abc import Iterator

LONGEST = 30
"""The most words of a sentence."""

RULES = {
    r"\banew\b": "say `again`, or `new`",
    r"\bwhoever\b": "name the actor",
    r"(?<!there )\bis no(?:ne)?\b(?! longer| more)": "say `is not a`, or what was expected",
    r"\bat one stroke\b": "say `atomically`",
    r"(?:^|[;:] )who\b(?!.*\?)": "name the actor",
    r"(?:^|[;:] )of\b": "begin with the subject",
    r"\bstudents?\b": "the design's word is learner",
    r"\btest cases?\b": "the design's word is check",
    r"\bmock(?:ed|s)?\b": "the design's word is stock service",
    r"\bscenarios?\b": "the design's word is incident",
    r"\bassignments?\b": "the design's word is lab",
}
"""The patterns to find, in upper and lower case, with how to mend each."""


def faults(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield each fault of a sentence, with how to mend it."""
    for pattern, mend in RULES.items():
        if match := re.search(pattern, sentence, re.IGNORECASE):
            yield f"`{match[0].lstrip(';: ')}`", mend
    if (words := len(re.findall(r"\S*\w\S*", sentence))) > LONGEST:
        yield f"a sentence of {words} words: `{' '.join(sentence.split()[:4])} ...`", f"at most {LONGEST}: split it"
