import pytest

from padscope.store.places import NETWORK_KINDS, mount_kind, on_network

MOUNTS = [
    "/dev/sda1 / ext4 rw 0 0",
    "server:/export /mnt/share nfs4 rw 0 0",
    "//server/lab /mnt/lab\\040share cifs rw 0 0",
    "tmpfs /mnt/share/local tmpfs rw 0 0",
    "broken",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/a", "ext4"),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/a/b", "nfs4"),
        ("/mnt/shared/a", "ext4"),
        ("/mnt/lab share/a", "cifs"),
        ("/mnt/share/local/a", "tmpfs"),
    ],
)
def test_the_deepest_mount_counts(path, kind):
    assert mount_kind(path, MOUNTS) == kind
    assert kind.startswith(NETWORK_KINDS) == (kind in {"nfs4", "cifs"})


def test_nothing_is_known_without_mounts(tmp_path):
    assert mount_kind("/a", []) == ""
    assert not on_network(tmp_path)
