"""Dies with words that are meant for their readers: terminal, JUnit, summary, page, CI log.

Known from: terminal escape sequences (CVE-2003-0063), workflow commands in CI logs (CVE-2020-15228), stored XSS.
"""
import sys

WORDS = (
    "\x1b]0;owned\x07\x1b[2J\x1b[1;1H\x1b[32mPASSED  Elite\x1b[0m\n"
    "::error title=owned::owned\n::set-env name=OWNED::1\n::add-mask::PASSED\n"
    "<script>document.title='owned'</script><img src=x onerror=alert(1)></style></svg>\n"
    "]]><testcase name='owned'/><![CDATA[\n```\n# PASSED\n@everyone [x](javascript:alert(1)) ![x](http://owned.example/x.png)\n"
    "\u202egnp.exe\u2066\x00\x0b\x0c\ufffe\r\rPASSED\n[bold green]PASSED[/] {{ 7 * 7 }} ${7*7}\n" + "long " * 5000
)
print(WORDS, file=sys.stderr, flush=True)
raise SystemExit(WORDS)
