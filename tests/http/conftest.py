"""Which tests go over which transport. Over FastCGI all of them do; the other two runs are for what that one cannot show.

Over plain CGI a request has a process and a database session of its own, and then it is the same code with the same SQL. So there go
the files named here, in which the way in or out is looked at (protocol, bodies, uploads, streams, errors, caches, hosts) or which are the
main job, and single tests of others that are marked `over_cgi`. Under the sanitizers every path through the code goes, once.
Neither repeats what is marked `once`: the same requests again as other people, or with others' ids.
LUNAXCODE_TEST_ALL=1 lets everything go everywhere.
"""
import os
from pathlib import Path

from instance import build

HERE = Path(__file__).parent
OVER_CGI = {f"{name}_test.py" for name in (
    "authorisation", "csv", "edge", "files", "generation", "health", "landing", "leads", "messages", "projects", "protocol", "questions",
    "services", "sign_in", "sign_up", "tenants")}


def pytest_collection_modifyitems(config, items):
    cgi, sanitized = os.environ.get("LUNAXCODE_TEST_MODE") == "cgi", "asan" in str(build())
    if os.environ.get("LUNAXCODE_TEST_ALL") or not (cgi or sanitized):
        return

    def goes(item):
        if item.path.parent != HERE:
            return True
        if item.get_closest_marker("once"):
            return False
        return not cgi or item.path.name in OVER_CGI or bool(item.get_closest_marker("over_cgi"))

    left = [item for item in items if not goes(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if goes(item)]
