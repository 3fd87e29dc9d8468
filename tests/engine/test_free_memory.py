import pytest
import torch
from mfps.engine.free_memory import free_memory

CPU = torch.device("cpu")
V2 = "sys/fs/cgroup/"
V1 = "sys/fs/cgroup/memory/"
KNOWN = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    1000 kB\n"}


@pytest.fixture
def free(tmp_path):
    """`free(files)`: the free bytes of a machine with these files."""

    def find(files):
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return free_memory(CPU, tmp_path)

    return find


def test_this_machine_has_some():
    found = free_memory(CPU)
    assert found is None or found > 1_000_000


def test_a_machine_that_does_not_tell(free):
    assert free({}) is None
    assert free({"proc/meminfo": "MemTotal: 9000 kB\n"}) is None


@pytest.mark.parametrize(("files", "expected"), [
    ({}, 1_024_000),
    ({"proc/self/cgroup": "0::/\n"}, 1_024_000),
    ({"proc/self/cgroup": "0::/\n", V2 + "memory.max": "max\n", V2 + "memory.current": "5\n"}, 1_024_000),
    ({"proc/self/cgroup": "0::/\n", V2 + "memory.max": "900\n", V2 + "memory.current": "700\n"}, 200),
    ({"proc/self/cgroup": "0::/\n", V2 + "memory.max": "900\n", V2 + "memory.current": "700\n",
      V2 + "memory.stat": "anon 3\ninactive_file 50\n"}, 250),
    ({"proc/self/cgroup": "0::/a/b\n", V2 + "a/memory.max": "900\n", V2 + "a/memory.current": "700\n"}, 200),
    ({"proc/self/cgroup": "0::/outside\n", V2 + "memory.max": "900\n", V2 + "memory.current": "999\n"}, 0),
    ({"proc/self/cgroup": "3:cpu:/\n4:memory:/outside\n0::/\n", V1 + "memory.limit_in_bytes": "900\n",
      V1 + "memory.usage_in_bytes": "700\n", V1 + "memory.stat": "total_inactive_file 50\n"}, 250),
    ({"proc/self/cgroup": "4:memory:/\n", V1 + "memory.limit_in_bytes": f"{2**63 - 1}\n",
      V1 + "memory.usage_in_bytes": "700\n"}, 1_024_000),
])  # fmt: skip
def test_the_least_of_what_the_machine_and_each_container_leave(free, files, expected):
    assert free(KNOWN | files) == expected
