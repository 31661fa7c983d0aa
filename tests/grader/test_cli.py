import pytest

from grader import cli
from grader.base.errors import ErError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ErError("it is broken", where="a file", run="./er doctor"),
            "er: it is broken\n  where: a file\n  next: ./er doctor",
        ),
        (OSError(28, "No space left on device", "/a/results.json"), "er: `/a/results.json`: No space left on device"),
        (PermissionError(30, "Read-only file system", "/a/.er"), "er: `/a/.er`: Read-only file system"),
        (KeyboardInterrupt(), "er: interrupted"),
        (RuntimeError("a slip"), "er: this is a bug in er, not in your code"),
    ],
    ids=["known", "full", "read-only", "interrupted", "unknown"],
)
def test_each_error_is_one_message_without_the_exit_code_of_a_verdict(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli.er, "main", fail)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert said in capsys.readouterr().err
