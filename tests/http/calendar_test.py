"""Calendar: Philippine holidays as the law and the proclamations have them, the agency's days off, hours and team."""
from datetime import date, timedelta

import pytest


def easter(year):
    """Gauss's rule with its two exceptions, independent of the seeded data."""
    a, b, c = year % 19, year % 4, year % 7
    m, n = 24, 5  # 1900–2099
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if d == 29 and e == 6 or d == 28 and e == 6 and a > 10:
        d -= 7
    return date(year, 3, 22) + timedelta(days=d + e)


def holidays(client, year):
    found = client.get(f"/api/calendar?year={year}").expect()["holidays"]
    return {one["name"]: one | {"date": date.fromisoformat(one["date"])} for one in found}


@pytest.fixture
def settings(admin):
    """What is changed here is changed back."""
    before = {key: admin.get("/api/calendar").expect()[key] for key in ("hoursPerDay", "workingDays", "parallelTasks")}
    yield before
    admin.patch("/api/calendar", before).expect()


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_holy_week_follows_easter(staff, year):
    found = holidays(staff, year)
    assert [found[name]["date"] - easter(year) for name in ("Maundy Thursday", "Good Friday", "Black Saturday")] == [timedelta(days=-n) for n in (3, 2, 1)]


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_every_year_has_what_the_law_names_and_where_it_comes_from(staff, year):
    found = holidays(staff, year)
    fixed = {"New Year's Day": (1, 1), "Araw ng Kagitingan": (4, 9), "Labor Day": (5, 1), "Independence Day": (6, 12), "Bonifacio Day": (11, 30),
             "Christmas Day": (12, 25), "Rizal Day": (12, 30)}
    special = {"Ninoy Aquino Day": (8, 21), "All Saints' Day": (11, 1), "Feast of the Immaculate Conception of Mary": (12, 8), "Last Day of the Year": (12, 31)}
    for names, kind in ((fixed, "regular"), (special, "special")):
        for name, (month, day) in names.items():
            assert (found[name]["date"], found[name]["kind"]) == (date(year, month, day), kind)
    heroes = found["National Heroes Day"]["date"]
    assert heroes.month == 8 and heroes.weekday() == 0 and (heroes + timedelta(days=7)).month == 9
    for feast in ("Eid'l Fitr", "Eid'l Adha", "National Heroes Day", "Maundy Thursday", "Good Friday"):
        assert found[feast]["kind"] == "regular"
    assert 66 <= (found["Eid'l Adha"]["date"] - found["Eid'l Fitr"]["date"]).days <= 69, "two months and ten days of the moon"
    assert all(one["source"] for one in found.values())
    assert all(one["confirmed"] for one in found.values()) == (year <= 2026)


def test_the_days_that_were_proclaimed_are_those(staff):
    assert holidays(staff, 2025)["Eid'l Fitr"]["date"] == date(2025, 4, 1) and holidays(staff, 2025)["Eid'l Adha"]["date"] == date(2025, 6, 6)
    found = holidays(staff, 2026)
    assert found["Eid'l Fitr"]["date"] == date(2026, 3, 20) and found["Eid'l Adha"]["date"] == date(2026, 5, 27)
    assert found["Chinese New Year"]["date"] == date(2026, 2, 17) and found["All Souls' Day"]["date"] == date(2026, 11, 2)


def test_the_agency_adds_days_off_and_removes_them(admin, staff):
    assert admin.post("/api/calendar/days", {"date": "2031-03-03", "name": "Team outing"}).expect(201) == {"date": "2031-03-03", "name": "Team outing", "closed": True}
    admin.post("/api/calendar/days", {"date": "2031-03-03", "name": "Team building"}).expect(201)
    assert staff.get("/api/calendar?year=2031").expect()["daysOff"] == [{"date": "2031-03-03", "name": "Team building"}]
    admin.delete("/api/calendar/days/2031-03-03").expect(204)
    admin.delete("/api/calendar/days/2031-03-03").problem(404)
    assert staff.get("/api/calendar?year=2031").expect()["daysOff"] == []


def test_a_holiday_can_be_worked_through_and_no_other_day(admin, member):
    admin.post("/api/calendar/days", {"date": "2031-03-04", "name": "Busy", "closed": False}).problem(422, "date")
    admin.post("/api/calendar/days", {"date": "2028-12-30", "name": "We work on Rizal Day", "closed": False}).expect(201)
    try:
        assert holidays(admin, 2028)["Rizal Day"]["open"] and admin.get("/api/calendar?year=2028").expect()["daysOff"] == []
    finally:
        admin.delete("/api/calendar/days/2028-12-30").expect(204)


def test_hours_week_and_team_move_a_timeline(admin, member, settings):
    def finish():
        return member.client.get(f"/api/projects/{member.project}/timeline").expect()["finish"]["date"]

    usual = finish()
    assert admin.patch("/api/calendar", {"hoursPerDay": 4, "workingDays": [3, 1], "parallelTasks": 1}).expect() == {"hoursPerDay": 4, "workingDays": [1, 3], "parallelTasks": 1}
    slow = finish()
    admin.patch("/api/calendar", {"hoursPerDay": 20, "workingDays": [1, 2, 3, 4, 5, 6, 7], "parallelTasks": 10}).expect()
    assert finish() < usual < slow


@pytest.mark.parametrize("body, field", [
    ({}, "hoursPerDay"), ({"hoursPerDay": 0}, "hoursPerDay"), ({"hoursPerDay": 25}, "hoursPerDay"), ({"hoursPerDay": 7.3}, "hoursPerDay"), ({"hoursPerDay": "8"}, "hoursPerDay"),
    ({"workingDays": []}, "workingDays"), ({"workingDays": [0]}, "workingDays"), ({"workingDays": [1, 1]}, "workingDays"), ({"workingDays": "1"}, "workingDays"),
    ({"workingDays": [1.5]}, "workingDays"), ({"parallelTasks": 0}, "parallelTasks"), ({"parallelTasks": 21}, "parallelTasks"),
])
def test_what_is_wrong_is_named(admin, body, field):
    admin.patch("/api/calendar", body).problem(422, field)


def test_days_are_checked(admin):
    admin.post("/api/calendar/days", {"date": "03/04/2031", "name": "x"}).problem(422, "date")
    admin.post("/api/calendar/days", {"date": "2031-02-29", "name": "x"}).problem(422, "date")
    admin.post("/api/calendar/days", {"date": "2031-02-28"}).problem(422, "name")
    admin.post("/api/calendar/days", {"date": "2031-02-28", "name": "x", "closed": "no"}).problem(422, "closed")
    admin.delete("/api/calendar/days/tomorrow").problem(404)
    admin.get("/api/calendar?year=1").problem(400)


def test_the_other_agency_has_days_of_its_own(admin, other_staff):
    admin.post("/api/calendar/days", {"date": "2032-05-05", "name": "Ours alone"}).expect(201)
    try:
        assert other_staff.get("/api/calendar?year=2032").expect()["daysOff"] == []
    finally:
        admin.delete("/api/calendar/days/2032-05-05").expect(204)
