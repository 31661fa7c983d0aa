"""The load library: open-loop users on Locust, for every lab's `locustfile.py`."""

from loadtests.bucket import TokenBucket
from loadtests.shapes import Floods, Poisson, Regular
from loadtests.users import OpenUser
from loadtests.visit import Answer, Visit

__all__ = ["Answer", "Floods", "OpenUser", "Poisson", "Regular", "TokenBucket", "Visit"]
