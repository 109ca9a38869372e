"""Projects as staff look for them: filters, words, four orders in pages, and views that a person saves."""
import csv
import io
import urllib.parse
import uuid

import pytest

from people import new_person

LIST = "/api/admin/projects"


@pytest.fixture
def mark():
    return f"z{uuid.uuid4().hex[:12]}"


@pytest.fixture
def add(site, mark):
    """Puts a project into the database, and says its number."""
    made = []

    def add(name="One", client="Ana Cruz", email="ana@example.test", status="pending", due=None, changed="now()"):
        number = site.one("insert into projects (user_id, name, description, service, service_type_id, price, deposit_amount, status, payment_status, client_name, client_email, end_date, updated_at) "
                          "select 'nobody', %s || ' ' || %s, 'Of a test', name, id, 1000, 500, %s, 'pending', %s, %s, current_date + %s::integer, " + changed +
                          " from service_types order by id limit 1 returning id", name, mark, status, client, email, due, tenant=site.tenant)
        made.append(number)
        return number
    yield add
    site.sql("delete from projects where id = any(%s)", made, tenant=site.tenant)


def found(person, mark, **asked):
    asked = {"q": mark, **asked}
    return [p["id"] for p in person.get(f"{LIST}?{urllib.parse.urlencode(asked)}").expect()["projects"]]


def test_a_project_is_listed_with_what_staff_need_to_see(site, staff, add, mark):
    number = add(due=-1)
    row = next(p for p in staff.get(f"{LIST}?q={mark}").expect()["projects"])
    assert row["id"] == number and row["overdue"] is True and row["tasks"] == {"total": 0, "completed": 0, "inProgress": 0}
    assert (row["clientName"], row["clientEmail"], row["status"], row["paymentStatus"], row["price"]) == ("Ana Cruz", "ana@example.test", "pending", "pending", 1000)


def test_words_begin_names_clients_and_addresses(staff, add, mark):
    one = add("Bakery", "Juana Cruz", "juana.cruz@kape.example")
    two = add("Hotel", "Pedro Reyes", "pedro@example.test")
    for words, ids in [(mark, [two, one]), (f"{mark} bak", [one]), (f"REY {mark}", [two]), (f"{mark} kape", [one]), (f"{mark} juana.cruz@kape", [one]),
                       (f"{mark} ery", []), (f"{mark} ' & ! | :* (", [two, one]), (f"{mark} \\", [two, one])]:
        assert found(staff, words) == ids, words
    staff.get(f"{LIST}?q={'x' * 201}").problem(400, "q")


def test_filters_choose(site, staff, add, mark):
    late, done, later = add(due=-2), add(status="completed", due=-2), add(status="on-hold", due=5)
    assert found(staff, mark, overdue=1) == [late]
    assert found(staff, mark, status="on-hold") == [later] and found(staff, mark, payment="paid") == []
    assert found(staff, mark, serviceId=2_000_000_000) == []
    site.sql("insert into tasks (project_id, title, description, section, priority, estimated_hours, \"order\", status) values (%s, 'T', 'T', 'Design', 'low', 1, 1, 'pending')", later, tenant=site.tenant)
    site.sql("insert into section_deadlines values (%s, 'Design', current_date - 3)", later, tenant=site.tenant)
    assert found(staff, mark, overdue=1) == [later, late], "a section's promise counts while its tasks are open"
    for wrong in ("status=lost", "payment=x", "overdue=yes", "serviceId=0"):
        staff.get(f"{LIST}?{wrong}").problem(422, wrong.split("=")[0])
    for wrong in ("sort=price", "limit=101", "cursor=x"):
        staff.get(f"{LIST}?{wrong}").problem(400, wrong.split("=")[0])


@pytest.mark.parametrize("sort", ["newest", "changed", "due", "name"])
def test_every_project_comes_once_in_each_order(site, staff, add, mark, sort):
    for place in range(7):  # equal values, so that the number decides
        add("abcdefg"[place // 2].upper(), due=place // 3, changed=f"now() - interval '{place // 2} hours'")
    if sort == "due":
        add("none")
    pages, after = [], ""
    while after is not None:
        page = staff.get(f"{LIST}?q={mark}&sort={sort}&limit=2&cursor={after}").expect()
        pages += page["projects"]
        after = page["next"]
    assert len(pages) == 7 and len({p["id"] for p in pages}) == 7, "those without a promised day are not in that order"
    keys = {"newest": lambda p: -p["id"], "changed": lambda p: p["updatedAt"], "due": lambda p: p["deadline"], "name": lambda p: p["name"].lower()}
    values = [keys[sort](p) for p in pages]
    assert values == sorted(values, reverse=sort == "changed")


def test_the_file_has_what_the_list_has(staff, add, mark):
    add("=1+1")
    add("Two", due=-3)
    text = staff.get(f"{LIST}/csv?q={mark}&sort=name").text.lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["Name"], r["Overdue"], r["Tasks"]) for r in rows] == [(f"'=1+1 {mark}", "no", "0"), (f"Two {mark}", "yes", "0")]


def test_a_view_is_ones_own(site, staff, admin, mark):
    view = staff.post(f"{LIST}/views", {"name": f"Late {mark}", "query": "overdue=1&sort=due"}).expect(201)
    again = staff.post(f"{LIST}/views", {"name": f"LATE {mark}", "query": "overdue=1"}).expect(201)
    assert again["id"] == view["id"], "a name that is there takes the new query"
    assert again in staff.get(f"{LIST}/views").expect()["views"]
    assert again not in admin.get(f"{LIST}/views").expect()["views"]
    admin.request("DELETE", f"{LIST}/views/{view['id']}").problem(404)
    staff.request("DELETE", f"{LIST}/views/{view['id']}").expect(204)
    staff.request("DELETE", f"{LIST}/views/{view['id']}").problem(404)
    staff.post(f"{LIST}/views", {"name": " ", "query": "x"}).problem(422, "name")


def test_nobody_keeps_more_than_thirty_views(site, staff):
    site.sql("insert into saved_views (user_id, page, name, query) select %s, 'projects', 'n' || n, '' from generate_series(1, 30) n", staff.user["id"], tenant=site.tenant)
    staff.post(f"{LIST}/views", {"name": "One more", "query": ""}).problem(409)
    site.sql("delete from saved_views where user_id = %s", staff.user["id"], tenant=site.tenant)


def test_clients_see_no_list(site):
    new_person(site).get(LIST).problem(403)
