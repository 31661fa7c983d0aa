"""Real stores for tests, as labs run them."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy

from grader.course.course import Course

OWNERS_PASSWORD = "0123456789abcdef"  # noqa: S105 # of the tests
REDIS = f"""
sed "s/SECRET/{OWNERS_PASSWORD}/" /etc/er/users.acl > /tmp/users.acl
exec redis-server --save "" --appendonly no --aclfile /tmp/users.acl
"""
POSTGRES = "cp -a /var/lib/postgresql/cluster/. /data/ && exec postgres -D /data"


KAFKA = f"""
cp -a /opt/kafka/cluster/. /data/
sed "s/SECRET/{OWNERS_PASSWORD}/" /opt/kafka/server.properties > /tmp/server.properties
exec java @/opt/kafka/jvm.options -XX:SharedArchiveFile=/opt/kafka/classes.jsa \\
    -cp "$(cat /opt/kafka/classpath)" kafka.Kafka /tmp/server.properties
"""


@dataclass(frozen=True)
class Store:
    """A store as labs run it, with URLs of patient and owner."""

    container: str
    patient: str
    owner: str


def served(container: DockerContainer, port: int, ready: str) -> DockerContainer:
    """Return a container that is ready once it prints this log line."""
    # Without ryuk, because its image comes from a registry that may not answer. `with` cleans up.
    testcontainers_config.ryuk_disabled = True
    return container.with_exposed_ports(port).waiting_for(LogMessageWaitStrategy(ready))


@pytest.fixture(scope="module")
def redis(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Redis, as labs run it."""
    secret = tmp_path_factory.mktemp("secrets") / "control"
    secret.write_text(OWNERS_PASSWORD)
    secret.chmod(0o644)
    made = DockerContainer(images["ER_REDIS_IMAGE"]).with_command(["sh", "-c", REDIS])
    made = made.with_volume_mapping(str(Course.here().root / "compose" / "redis"), "/etc/er", "ro")
    made = made.with_volume_mapping(str(secret), "/run/secrets/control", "ro")
    with served(made, 6379, "Ready to accept connections") as running:
        address = f"{running.get_container_host_ip()}:{running.get_exposed_port(6379)}"
        yield Store(running.get_wrapped_container().id, f"redis://patient:patient@{address}/0", f"redis://{address}/0")


@pytest.fixture(scope="module")
def kafka(images: dict[str, str]) -> Iterator[str]:
    """Kafka with the topics of lab 07, as labs run it.

    It yields the container, because the name `kafka` is known in its network alone.
    """
    testcontainers_config.ryuk_disabled = True
    made = DockerContainer(images["ER_KAFKA_IMAGE"]).with_command(["sh", "-c", KAFKA]).with_kwargs(hostname="kafka")
    open_port = ExecWaitStrategy(["bash", "-c", ": < /dev/tcp/127.0.0.1/9092"])
    with made.with_tmpfs_mount("/data", "size=64m,mode=0700,uid=999").waiting_for(open_port) as running:
        yield running.get_wrapped_container().id


@pytest.fixture(scope="module")
def postgres(images: dict[str, str]) -> Iterator[Store]:
    """Postgres with the data of lab 05, as labs run it.

    The owner connects by the socket.
    """
    # Not in pytest's folder, because the path of a socket must be short.
    sockets = Path(tempfile.mkdtemp())
    sockets.chmod(0o777)
    made = DockerContainer(images["ER_POSTGRES_IMAGE"]).with_tmpfs_mount("/data", "size=128m,mode=0700,uid=999")
    made = made.with_command(["sh", "-c", POSTGRES]).with_volume_mapping(str(sockets), "/run/postgresql", "rw")
    with served(made, 5432, "ready to accept connections") as running:
        address = f"{running.get_container_host_ip()}:{running.get_exposed_port(5432)}"
        yield Store(
            running.get_wrapped_container().id,
            f"postgresql://patient:patient@{address}/postgres",
            f"postgresql://pricing@/postgres?host={sockets}",
        )
    shutil.rmtree(sockets)
