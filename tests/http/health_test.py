"""Health: whether the site can serve."""
import re
import time
from datetime import datetime, timezone


def test_a_healthy_site_says_ok_and_the_time(visitor):
    answer = visitor.get("/health").expect()
    assert answer["status"] == "ok" and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", answer["timestamp"])
    said = datetime.fromisoformat(answer["timestamp"].replace("Z", "+00:00"))
    assert abs((datetime.now(timezone.utc) - said).total_seconds()) < 60


def test_health_is_never_kept(visitor):
    assert visitor.get("/health").header("cache-control") == "no-store"
    first = visitor.get("/health").json["timestamp"]
    time.sleep(1.1)
    assert visitor.get("/health").json["timestamp"] != first
