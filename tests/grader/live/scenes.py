"""Scenes of a live lab, for the recorded screens.

Checks are those of labs 03 and 14 as they once were, so that a lab can change without new recordings.
"""

from dataclasses import replace

from grader.course.manifest import Symptom
from grader.live.lamps import Lamp, Light
from grader.live.picture import Picture
from grader.live.vitals import Users, Vitals

POLITE = Symptom(users="polite", noun="polite tenants", within=0.5, below=0.7, harm="requests got no quote", harmed="")
BUYERS = Symptom(users="buy", noun="buyers", within=2.0, below=0.7, harm="customers paid and got nothing", harmed="")
RATE_LIMITING = {
    "polite-tenants-served": (
        "In each surge, at least 80 % of the polite tenants' requests get a quote within 500 ms."
    ),
    "noisy-tenant-gets-its-quota": (
        "In each surge, the noisy tenant gets 0.4 to 1.2 times the quotes that its limit allows, over both "
        "gateways together."
    ),
    "no-double-burst": (
        "Over the whole run, at most 5 admitted requests of the noisy tenant exceed a limit of 12 per second "
        "with bursts of 24."
    ),
    "burst-is-honoured": (
        "Probe tenants that were silent get at least 80 % of the 20 quotes that they may request at once."
    ),
    "refusals-are-429-with-retry-after": (
        "At least 80 % of the noisy tenant's requests that get no quote are answered 429 with a Retry-After "
        "of 1 to 4 s."
    ),
    "retry-after-is-true": (
        "At least 60 % of the probes are refused, wait as long as Retry-After says, and then get a quote."
    ),
    "noisy-tenant-forgiven": (
        "In the recovery, the noisy tenant sends 5 requests per second, and at least 50 % of them get a quote."
    ),
    "quotes-not-overloaded": "In each surge, quotes never has more than 80 requests in flight, queued ones included.",
    "answers-are-real": "Every 200 carries the receipt that quotes issued for this tenant and symbol.",
}
SAGA = {
    "money-matches-shipments": (
        "When the run ends, no order is paid for without a parcel, and no order has a parcel without being paid for."
    ),
    "stock-matches": (
        "When the run ends, no order holds stock without a parcel, and no order has a parcel without stock "
        "taken for it."
    ),
    "orders-end-in-time": (
        "Every order accepted before `busy` or after `stalled` is shown as shipped or cancelled within 12 s."
    ),
    "refused-is-cancelled": (
        "At most 2 orders are shipped after a refusal, because a replica may stop before it can log one."
    ),
    "shipped-unless-refused": (
        "Every accepted order reaches shipping, which ships it or refuses it; no other failure cancels it."
    ),
    "nobody-charged-twice": "No order is charged twice.",
    "nobody-refunded-twice": "No order is refunded twice.",
    "crash-resumed": (
        "Every order accepted in `busy` or `stalled`, just before the crash, is shown as shipped or cancelled"
        " within 12 s."
    ),
    "healthy-orders-complete": (
        "In `steady` and in `calm`, while nothing is wrong, at least 50 % of orders are shipped within 2 s of"
        " the answer."
    ),
    "compensation-in-reverse-order": "No order's stock is released while its charge is not refunded.",
    "throughput-kept": (
        "In `busy`, while steps are slow, at least 50 % of orders get their stock held, because they do not "
        "wait for each other."
    ),
    "answers-within-budget": (
        "In `steady`, `lossy`, `busy` and `calm`, at least 50 % of orders are accepted within 500 ms."
    ),
    "answers-are-real": "Every order that is shown as shipped carries the receipt that shipping gave for it.",
}
NAMES = list(RATE_LIMITING)
FIGURES = {
    "polite-tenants-served": "15.3% (32 of 209), wanted ≥ 80%",
    "noisy-tenant-gets-its-quota": "2.1, wanted 0.4 to 1.2",
    "quotes-not-overloaded": "412, wanted ≤ 80",
}


def lamps(light: Light, *, fails: tuple[str, ...] = (), earlier: bool = False) -> list[Lamp]:
    return [
        Lamp(name, says, Light.FAILS, FIGURES.get(name, "0.0% (0 of 812), wanted ≥ 80%"), earlier)
        if name in fails
        else Lamp(name, says, light, "", earlier)
        for name, says in RATE_LIMITING.items()
    ]


HEALTHY = Picture(
    "Lab 03, Rate limiting",
    "work/03-rate-limiting/gateway.py",
    POLITE,
    "h hint  g grade  b break  d diff  r reset  q quit",
    play=2,
    phase="surge-again",
    left=3.2,
    vitals=Vitals(
        [
            Users("behaving", 5, 1.0, 0.02, 10),
            Users("noisy", 252, 0.04, 0.031, 480),
            Users("polite", 41, 1.0, 0.045, 80),
            Users("probe", 59, 0.77, 0.051, 110),
        ],
        {"quotes": (4.0, 5.0)},
    ),
    history=[1.0, 1.0, 0.99, 1.0, 1.0, 0.97, 1.0],
    before=[1.0, 1.0, 0.6, 0.2, 0.04, 0.0, 0.1, 0.4, 0.9, 1.0],
    harmed_before="151 requests of polite tenants got no quote within 500 ms",
    lamps=[*lamps(Light.HOLDS)[:4], *lamps(Light.HOLDS, earlier=True)[4:6], *lamps(Light.NOT_YET)[6:]],
    events=["12:00:03 healthy after 2.9 s", "12:01:10 saved edit is live after 0.8 s"],
)
SUFFERING = replace(
    HEALTHY,
    vitals=Vitals(
        [
            Users("noisy", 250, 0.0, 2.0, 480),
            Users("polite", 41, 0.31, 2.0, 80),
            Users("probe", 59, 0.12, 1.9, 110),
        ],
        {"quotes": (412.0, 5.0)},
    ),
    history=[1.0, 1.0, 0.9, 0.62, 0.31],
    before=[1.0, 1.0, 0.6, 0.2, 0.04, 0.0, 0.1],
    harm="151 requests of polite tenants got no quote within 500 ms",
    symptom="Can't scale: polite tenants served 31 %, p95 2.0 s",
    lamps=[
        *lamps(Light.NOT_YET, fails=tuple(FIGURES))[:3],
        *lamps(Light.HOLDS, fails=tuple(NAMES[3:6]), earlier=True)[3:6],
        *lamps(Light.HOLDS, fails=tuple(FIGURES))[6:],
    ],
    events=["12:00:03 healthy after 2.9 s"],
)
BROKEN = replace(
    SUFFERING,
    trouble="`gateway-1` ended with exit code 1:\n"
    "│ Traceback (most recent call last):\n"
    '│   File "work/03-rate-limiting/gateway.py", line 38, in <module>\n'
    "│     limit = Limit(10, burst=20)\n"
    "│             ^^^^^^^^^^^^^^^^^^^\n"
    "│ NameError: name 'Limit' is not defined",
    vitals=None,
    harm=None,
    symptom=None,
)
BUSY = replace(
    HEALTHY,
    busy="a process that asked for one CPU got 21 % of it",
    lamps=lamps(Light.HOLDS, earlier=True),
    note="This play does not count: this machine was too busy in `surge`: "
    "a process that asked for one CPU got 21 % of it",
)
PAUSED = replace(HEALTHY, paused="lab 07 is being graded, about 20 s", phase="", left=None)
CROWDED = replace(
    SUFFERING,
    title="Lab 14, Saga",
    files="work/14-saga/orders.py",
    symptom_of=BUYERS,
    harm="51 customers paid and got nothing",
    symptom="Data conflicts: buyers served 50%, p95 1.2 s",
    vitals=Vitals(
        [Users(kind, 20, 0.5, 1.2, 90) for kind in ("buy", "calm", "rush", "stubborn")],
        dict.fromkeys(("auditor", "inventory", "outbox", "payments", "shipping"), (20.0, 0.0)),
    ),
    lamps=[
        Lamp(name, says, Light.FAILS, "12, wanted ≤ 0.5")
        if number in (1, 4, 7)
        else Lamp(name, says, Light.HOLDS if number < 6 else Light.NOT_YET)
        for number, (name, says) in enumerate(SAGA.items())
    ],
)
SCENES = {
    "healthy": HEALTHY,
    "suffering": SUFFERING,
    "crowded": CROWDED,
    "broken": BROKEN,
    "busy": BUSY,
    "paused": PAUSED,
}
LARGEST = replace(
    BROKEN,
    vitals=Vitals(
        [Users(f"kind-{number}", 9999, 0.5, 12.0, 9) for number in range(6)],
        {f"service-{number}": (12345.0, 16.0) for number in range(9)},
    ),
    trouble="\n".join([BROKEN.trouble or ""] * 9),
    harm="999999 shoppers " + "waited " * 30,
    symptom="Cascade failures: " + "shoppers " * 20,
    lamps=[Lamp(f"a-check-with-a-rather-long-name-{n}", "It holds. " * 9, Light.FAILS, "1" * 60) for n in range(13)],
    files=f"/home/{'learner/' * 40}gateway.py and {'x' * 300}.py",
    events=["12:00:00 " + "long " * 99] * 9,
    note="A note. " * 30,
)
