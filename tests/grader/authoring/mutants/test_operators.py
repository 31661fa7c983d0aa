"""Each operator on a small source: all that it makes, so that what it leaves alone is shown too."""

import difflib
from textwrap import dedent

import pytest

from grader.authoring.mutants.operators import OPERATORS
from grader.authoring.mutants.syntax import Change, Syntax

BY_NAME = {operator.name: operator for operator in OPERATORS}


def made(name: str, source: str) -> list[str]:
    """Return each change that an operator makes, as its removed and added lines."""
    syntax = Syntax(source)
    return [shown(source, syntax.applied(change)) for change in changes(name, syntax)]


def changes(name: str, syntax: Syntax) -> list[Change]:
    return sorted(BY_NAME[name].changes(syntax), key=lambda change: (change.line, sorted(change.edits)))


def shown(before: str, after: str) -> str:
    compile(after, "mutant", "exec")
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@") and line[1:].strip())


CASES: list[tuple[str, str, list[str]]] = [
    (
        "halved-constant",
        """
        SLOTS, WAIT, ONE, NONE, ON = 9, 0.3, 1, 0, True
        raise HTTPException(404, "not there")
        Response(status_code=503)
        fails = answer.status_code >= 500
        owner = secrets.token_hex(8)
        """,
        [
            "-SLOTS, WAIT, ONE, NONE, ON = 9, 0.3, 1, 0, True\n+SLOTS, WAIT, ONE, NONE, ON = 4, 0.3, 1, 0, True",
            "-SLOTS, WAIT, ONE, NONE, ON = 9, 0.3, 1, 0, True\n+SLOTS, WAIT, ONE, NONE, ON = 9, 0.15, 1, 0, True",
        ],
    ),
    ("doubled-constant", "a, b, c = 4, 0.5, 0\n", ["-a, b, c = 4, 0.5, 0\n+a, b, c = 8, 0.5, 0", "-a, b, c = 4, 0.5, 0\n+a, b, c = 4, 1.0, 0"]),
    ("constant-plus-one", "a, b, c = 0, 0.5, 11\n", ["-a, b, c = 0, 0.5, 11\n+a, b, c = 1, 0.5, 11"]),
    ("constant-minus-one", "a, b, c = 0, 10, 11\n", ["-a, b, c = 0, 10, 11\n+a, b, c = 0, 9, 11"]),
    (
        "flag-turned",
        """
        while True:
            store.set(key, nx=True)
        """,
        ["-    store.set(key, nx=True)\n+    store.set(key, nx=False)"],
    ),
    ("boundary-moved", "a = (b) < (c) >= d\ne = f == g\n", ["-a = (b) < (c) >= d\n+a = (b) <= (c) >= d", "-a = (b) < (c) >= d\n+a = (b) < (c) > d"]),
    (
        "condition-negated",
        """
        if a == b:
            c = d is not None
        elif e not in f:
            g = not h
        while i():
            j = 1 if k.l else 2
        while True:
            m = n
        """,
        [
            "-if a == b:\n+if a != b:",
            "-    c = d is not None\n+    c = d is None",
            "-elif e not in f:\n+elif e in f:",
            "-    g = not h\n+    g = h",
            "-while i():\n+while not i():",
            "-    j = 1 if k.l else 2\n+    j = 1 if not k.l else 2",
        ],
    ),
    (
        "operand-dropped",
        """
        a = b and (c or d)
        e = f or g or h
        i = min(2 * j, K)
        l = max(m, key=n)
        """,
        [
            "-a = b and (c or d)\n+a = (c or d)",
            "-a = b and (c or d)\n+a = b",
            "-a = b and (c or d)\n+a = b and (d)",
            "-a = b and (c or d)\n+a = b and (c)",
            "-e = f or g or h\n+e = g or h",
            "-e = f or g or h\n+e = f or h",
            "-e = f or g or h\n+e = f or g",
            "-i = min(2 * j, K)\n+i = (2 * j)",
            "-i = min(2 * j, K)\n+i = K",
        ],
    ),
    (
        "exit-dropped",
        """
        def a():
            for b in c:
                if b:
                    break
                if d:
                    return e(b)
            try:
                return f()
            except g:
                return None
            return h
        """,
        [
            "-            break\n+            pass",
            "-            return e(b)\n+            e(b)",
            "-        return None\n+        pass",
        ],
    ),
    (
        "finally-dropped",
        """
        def a():
            try:
                b()
            finally:
                c()
            try:
                d()
            except e:
                f()
            finally:
                c()
            try:
                g()
            except h:
                i()
        """,
        [
            "-    try:\n-        b()\n-    finally:\n-        c()\n+    b()",
            "-    finally:\n-        c()",
        ],
    ),
    (
        "finally-after-success",
        """
        def a():
            try:
                b()
            finally:
                c()
            try:
                d()
            except e:
                f()
            finally:
                c()
            try:
                d()
            except e:
                f()
            else:
                g()
            finally:
                c()
            try:
                return g()
            finally:
                c()
        """,
        [
            "-    try:\n-        b()\n-    finally:\n-        c()\n+    b()\n+    c()",
            "-    finally:\n+    else:",
            "-    finally:",
        ],
    ),
    (
        "guard-dropped",
        """
        async def a():
            async with b:
                c = '''
            as it is'''
            with open(d) as e, f:
                g()
            with g, h(1):
                i()
            with suppress(j):
                k()
            async with asyncio.timeout(1):
                await l()
        """,
        [
            "-    async with b:\n-        c = '''\n+    c = '''",
            "-    with open(d) as e, f:\n+    with open(d) as e:",
            "-    with g, h(1):\n+    with h(1):",
            "-    with g, h(1):\n+    with g:",
        ],
    ),
    (
        "time-limit-dropped",
        """
        async def a():
            async with asyncio.timeout(1):
                # The reason stays.
                await b()
            with anyio.fail_after(
                LONG,
            ):
                await b()
            await asyncio.wait_for(c(), 2)
            d(e, timeout=1, f=g)
            d(e, socket_timeout=1)
            d(timeout=None)
        """,
        [
            "-    async with asyncio.timeout(1):\n-        # The reason stays.\n-        await b()\n+    # The reason stays.\n+    await b()",
            "-    with anyio.fail_after(\n-        LONG,\n-    ):\n-        await b()\n+    await b()",
            "-    await asyncio.wait_for(c(), 2)\n+    await c()",
            "-    d(e, timeout=1, f=g)\n+    d(e, f=g)",
            "-    d(e, socket_timeout=1)\n+    d(e)",
        ],
    ),
    (
        "except-removed",
        """
        def a():
            try:
                b()
            except c:
                d()
            try:
                b()
            except c:
                d()
            except e:
                f()
            try:
                b()
            except c:
                d()
            else:
                g()
            finally:
                h()
            with suppress(c):
                b()
        """,
        [
            "-    try:\n-        b()\n-    except c:\n-        d()\n+    b()",
            "-    except c:\n-        d()",
            "-    except e:\n-        f()",
            "-    except c:\n-        d()\n-    else:",
            "-    with suppress(c):\n-        b()\n+    b()",
        ],
    ),
    (
        "except-narrowed",
        """
        try:
            with suppress(RedisError, OSError):
                a()
        except (b, c):
            d()
        except httpx2.TransportError:
            d()
        except e:
            d()
        """,
        [
            "-    with suppress(RedisError, OSError):\n+    with suppress(OSError):",
            "-    with suppress(RedisError, OSError):\n+    with suppress(RedisError):",
            "-except (b, c):\n+except b:",
            "-except (b, c):\n+except c:",
            "-except httpx2.TransportError:\n+except httpx2.ConnectError:",
        ],
    ),
    (
        "await-removed",
        """
        async def a():
            await b()
            c = await d()
            return await e()
        """,
        ["-    await b()\n+    b()"],
    ),
    (
        "effect-dropped",
        """
        class A:
            def __init__(self):
                self.a = 1

            def b(self, c):
                \"\"\"Stay.\"\"\"
                self.a += 1
                self.d, e[c] = 1, 2
                if c:
                    f()
                g = f()
                return g
        """,
        [
            "-        self.a += 1",
            "-        self.d, e[c] = 1, 2",
            "-            f()\n+            pass",
        ],
    ),
    (
        "order-swapped",
        """
        import a
        b()
        async def c(d):
            e = d
            if d.waiting > e:
                raise FullError
            d.waiting += 1
            f = await g(d)
            h(f)
            d.a = 1
            d.b = 2
            return f
        """,
        [
            "+    d.waiting += 1\n-    d.waiting += 1",
            "+    f = await g(d)\n-    f = await g(d)",
            "+    d.a = 1\n-    d.a = 1",
        ],
    ),
    (
        "wrapper-dropped",
        """
        a = ceil(b + 1)
        c = asyncio.shield(d)
        e = sorted(f)
        """,
        ["-a = ceil(b + 1)\n+a = (b + 1)", "-c = asyncio.shield(d)\n+c = d"],
    ),
    (
        "jitter-removed",
        """
        a = random.uniform(0, 2 * b)
        c = random.random()
        d = random.sample(e, 2)
        f = other.uniform(0, 1)
        g = h(wait_jitter=1.0)
        """,
        [
            "-a = random.uniform(0, 2 * b)\n+a = (2 * b)",
            "-c = random.random()\n+c = 0.5",
            "-d = random.sample(e, 2)\n+d = e[:2]",
            "-g = h(wait_jitter=1.0)\n+g = h(wait_jitter=0)",
        ],
    ),
    (
        "drawn-once",
        """
        A = random.uniform(0, 1)

        @b
        def c(d):
            e = random.uniform(0, d)
            f = secrets.token_hex(8)
            return random.choice(e)
        """,
        [
            "+DRAWN = random.random()\n-    e = random.uniform(0, d)\n+    e = (0 + (d - 0) * DRAWN)",
            "+DRAWN = secrets.token_hex(8)\n-    f = secrets.token_hex(8)\n+    f = DRAWN",
        ],
    ),
    (
        "ttl-dropped",
        """
        a.set(b, c, ex=60, nx=True)
        a.setex(b, 60, c)
        a.expire(b, 60)
        d = a.register_script('''
        redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
        redis.call("EXPIRE", KEYS[1], 3)
        return 1
        ''')
        e = '''redis.call("GET", KEYS[1])'''
        """,
        [
            "-a.set(b, c, ex=60, nx=True)\n+a.set(b, c, nx=True)",
            "-a.setex(b, 60, c)\n+a.set(b, c)",
            "-a.expire(b, 60)\n+pass",
            '-redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])\n+redis.call("SET", KEYS[1], ARGV[1])',
            '-redis.call("EXPIRE", KEYS[1], 3)',
        ],
    ),
    (
        "ttl-too-short",
        """
        a.set(b, c, ex=60, nx=True)
        a.set(b, c, px=d())
        d = a.register_script('''
        redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
        redis.call("EXPIRE", KEYS[1], math.ceil(burst / rate) + 1)
        ''')
        """,
        [
            "-a.set(b, c, ex=60, nx=True)\n+a.set(b, c, ex=1, nx=True)",
            "-a.set(b, c, px=d())\n+a.set(b, c, px=1000)",
            '-redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])\n+redis.call("SET", KEYS[1], ARGV[1], "EX", 1)',
            '-redis.call("EXPIRE", KEYS[1], math.ceil(burst / rate) + 1)\n+redis.call("EXPIRE", KEYS[1], 1)',
        ],
    ),
    (
        "script-step-dropped",
        """
        a = '''
        local tokens = redis.call("GET", KEYS[1])
        if tokens then
            tokens = tokens - 1
        end
        redis.call("SET", KEYS[1], tokens)
        return tokens
        '''
        b = '''
        tokens = 1
        '''
        """,
        ["-    tokens = tokens - 1", '-redis.call("SET", KEYS[1], tokens)'],
    ),
    (
        "fire-and-forget",
        """
        import asyncio
        async def a():
            await b(c)
            await asyncio.sleep(1)
            d = await b(c)
            await d
        """,
        ["-    await b(c)\n+    asyncio.create_task(b(c))"],
    ),
    (
        "option-dropped",
        """
        def own(a):
            b(c, d=e)
            b(d=e, f=g, **h)
            own(a=c)
            Response(status_code=503, headers={"Retry-After": "1"}, media_type="text/plain")
        """,
        [
            "-    b(c, d=e)\n+    b(c)",
            "-    b(d=e, f=g, **h)\n+    b(f=g, **h)",
            "-    b(d=e, f=g, **h)\n+    b(d=e, **h)",
            '-    Response(status_code=503, headers={"Retry-After": "1"}, media_type="text/plain")\n+    Response(status_code=503, media_type="text/plain")',
        ],
    ),
    (
        "status-changed",
        """
        a = Response(status_code=503)
        b = Response(c, 429, d=500)
        raise HTTPException(404, "not there")
        e = Response(c, 201)
        f = answer.status_code == 503
        g = h(503)
        """,
        [
            "-a = Response(status_code=503)\n+a = Response(status_code=404)",
            "-a = Response(status_code=503)\n+a = Response(status_code=500)",
            "-b = Response(c, 429, d=500)\n+b = Response(c, 503, d=500)",
            '-raise HTTPException(404, "not there")\n+raise HTTPException(503, "not there")',
        ],
    ),
    (
        "key-part-dropped",
        """
        a = f"page:{b}:{c['d']}"
        e = "page:{b}"
        f = f"{g}/holds"
        h = f"no order {i}: wait"
        j = "page:all"
        """,
        [
            "-a = f\"page:{b}:{c['d']}\"\n+a = f\"page::{c['d']}\"",
            "-a = f\"page:{b}:{c['d']}\"\n+a = f\"page:{b}:\"",
            '-e = "page:{b}"\n+e = "page:"',
        ],
    ),
    (
        "key-per-replica",
        """
        import os
        a = f"é:{b}"
        c = "page:{b}"
        """,
        ['-a = f"é:{b}"\n+a = f"é:{b}:{os.uname().nodename}"'],
    ),
    (
        "local-halves",
        """
        import os
        RATE, BURST = 10, 0.5
        WAIT = 3
        async def a(b):
            await take([f"bucket:{b}"], [RATE, BURST], timeout=WAIT)
            await take([f"bucket:{b}"])
        """,
        [
            '-    await take([f"bucket:{b}"], [RATE, BURST], timeout=WAIT)\n+    await take([f"bucket:{b}:{os.uname().nodename}"], [RATE // 2, BURST / 2], timeout=WAIT)'
        ],
    ),
    (
        "script-turned",
        """
        a = '''
        if redis.call("GET", KEYS[1]) == ARGV[1] and b < c then
        '''
        d = "b < c"
        """,
        [
            '-if redis.call("GET", KEYS[1]) == ARGV[1] and b < c then\n+if redis.call("GET", KEYS[1]) ~= ARGV[1] and b < c then',
            '-if redis.call("GET", KEYS[1]) == ARGV[1] and b < c then\n+if redis.call("GET", KEYS[1]) == ARGV[1] and b >= c then',
        ],
    ),
    (
        "query-loosened",
        """
        A = "INSERT INTO a VALUES ($1) ON CONFLICT DO NOTHING RETURNING *"
        B = '''
        UPDATE a SET b = 1 WHERE c IN (
            SELECT c FROM a WHERE d = 1 AND e < now() LIMIT 10 FOR UPDATE SKIP LOCKED
        )
        '''
        C = "you AND me"
        """,
        [
            '-A = "INSERT INTO a VALUES ($1) ON CONFLICT DO NOTHING RETURNING *"\n+A = "INSERT INTO a VALUES ($1) RETURNING *"',
            "-    SELECT c FROM a WHERE d = 1 AND e < now() LIMIT 10 FOR UPDATE SKIP LOCKED\n+    SELECT c FROM a WHERE d = 1 LIMIT 10 FOR UPDATE SKIP LOCKED",
            "-    SELECT c FROM a WHERE d = 1 AND e < now() LIMIT 10 FOR UPDATE SKIP LOCKED\n+    SELECT c FROM a WHERE d = 1 AND e < now() LIMIT 10",
        ],
    ),
    (
        "state-per-request",
        """
        flights: dict[str, int] = {}
        breaker = Breaker(5)
        client = httpx.AsyncClient()
        LIMIT = 3

        @wrap(breaker)
        def a(b):
            \"\"\"Stay.\"\"\"
            return flights[b]

        def c():
            breaker = 1
            return breaker, client, LIMIT

        def d():
            return breaker
        """,
        [
            "-flights: dict[str, int] = {}\n+    flights: dict[str, int] = {}",
            "+    breaker = Breaker(5)",
        ],
    ),
    (
        "state-shared",
        """
        @app.get("/")
        def a(b):
            with c():
                carried: dict[str, str] = {}
                d = Tenant(b)
                e = []
                e = carried
        """,
        ["+carried: dict[str, str] = {}\n-        carried: dict[str, str] = {}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_an_operator_makes_these_changes_and_no_others(name: str, source: str, wanted: list[str]) -> None:
    assert made(name, dedent(source).lstrip("\n")) == wanted


def test_each_operator_has_a_case_a_name_of_its_own_and_a_sentence() -> None:
    assert sorted(BY_NAME) == sorted(name for name, _, _ in CASES)
    assert len(BY_NAME) == len(OPERATORS)
    assert all(operator.mistake.endswith(".") for operator in OPERATORS)


def test_the_inside_of_an_f_string_is_left_alone() -> None:
    assert made("doubled-constant", 'a = f"{b + 1:>3}"\n') == []


def test_lines_of_strings_and_empty_lines_keep_their_beginning() -> None:
    source = "with a:\n    b = '''\n    c\n    '''\n\n    d()\n"
    (change,) = changes("guard-dropped", Syntax(source))
    assert Syntax(source).applied(change) == "b = '''\n    c\n    '''\n\nd()\n"
