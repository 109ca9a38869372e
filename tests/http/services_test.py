"""Services: what the agency offers, for everybody."""
import uuid

import pytest


@pytest.fixture(scope="module")
def hidden(site):
    """A service that is not offered any more."""
    return site.one("insert into service_types (name, base_price, is_active) values (%s, 77000, false) returning id",
                    f"Hidden {uuid.uuid4().hex}", tenant=site.tenant)


def test_at_least_four_services_are_offered_with_prices_in_pesos(visitor):
    services = [s for s in visitor.get("/api/services").expect()["services"] if not s["name"].startswith("Asks ")]  # of another test
    assert len(services) >= 4
    for service in services:
        assert set(service) == {"id", "name", "description", "basePrice", "features", "timeline", "popular"}
        assert isinstance(service["id"], int) and service["name"] and service["description"] and service["timeline"]
        assert isinstance(service["basePrice"], int) and service["basePrice"] > 0
        assert isinstance(service["features"], list) and all(isinstance(f, str) and f for f in service["features"]) and service["features"]
        assert isinstance(service["popular"], bool)
    assert any(s["name"] == "Landing Page" and s["basePrice"] == 15000 for s in services)


def test_services_come_in_the_order_of_the_agency(site, visitor):
    rows = site.sql("select id from service_types where is_active order by sort_order, id", tenant=site.tenant)
    past_the_cache = visitor.get("/api/services", headers={"Cookie": "some=cookie"}).expect()
    assert [s["id"] for s in past_the_cache["services"]] == [row["id"] for row in rows]


@pytest.mark.parametrize("path", ["/api/services/{}", "/api/admin/cms/services/{}"])
def test_one_service_is_the_object_itself(visitor, path):
    first = visitor.get("/api/services").expect()["services"][0]
    assert visitor.get(path.format(first["id"])).expect() == first


@pytest.mark.parametrize("path", ["/api/services/{}", "/api/admin/cms/services/{}", "/api/questions/{}"])
def test_a_service_that_is_not_offered_any_more_is_not_there(visitor, hidden, path):
    visitor.get(path.format(hidden)).problem(404)
    assert hidden not in [s["id"] for s in visitor.get("/api/services").expect()["services"]]


@pytest.mark.parametrize("given", ["0", "-1", "999999", "99999999999999999999", "1e3", "abc", "1.0", "1%20or%201=1", "²"])
def test_a_number_that_is_no_service_is_404(visitor, given):
    visitor.get(f"/api/services/{given.encode('ascii', 'ignore').decode() or '%C2%B2'}").problem(404)


def test_anonymous_answers_may_be_kept_for_a_moment(visitor):
    answer = visitor.get("/api/services")
    assert "public" in answer.header("cache-control") and "max-age=" in answer.header("cache-control")
    assert answer.header("set-cookie") is None
