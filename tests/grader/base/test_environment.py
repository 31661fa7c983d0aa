"""Only the variables that are meant to pass reach the programs that we start."""

import pytest

from grader.base.environment import own_environment

FOREIGN = (
    "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES", "DOCKER_DEFAULT_PLATFORM",
    "DOCKER_API_VERSION", "DOCKER_BUILDKIT", "DOCKER_CONTENT_TRUST", "BUILDX_BUILDER", "BUILDKIT_HOST", "PYTHONPATH",
    "PYTHONHOME", "PIP_TARGET", "UV_PYTHON", "GIT_DIR", "LD_PRELOAD", "BASH_ENV", "MAKEFLAGS", "XER_SPEED",
)  # fmt: skip
MEANT = (
    "PATH", "HOME", "LANG", "LC_ALL", "NO_COLOR", "CI", "GITHUB_STEP_SUMMARY", "https_proxy", "NO_PROXY",
    "SSL_CERT_FILE", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
    "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "ER_SPEED", "ER_REDIS_IMAGE",
)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_variable_that_changes_what_we_start_does_not_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x")
    assert name not in own_environment()


@pytest.mark.parametrize("name", MEANT)
def test_a_variable_that_is_meant_passes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x")
    assert own_environment()[name] == "x"


def test_our_own_variables_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_RUN", "theirs")
    assert own_environment(ER_RUN="ours")["ER_RUN"] == "ours"
