"""Landing: the texts of the front page."""
import uuid


def test_the_active_sections_come_in_order(site, visitor):
    sections = visitor.get("/api/landing").expect()["sections"]
    rows = site.sql("select key from landing_page_content where is_active order by sort_order, key", tenant=site.tenant)
    assert sections and sorted(s["key"] for s in sections) == sorted(row["key"] for row in rows)
    places = {row["key"]: row["sort_order"] for row in site.sql("select key, sort_order from landing_page_content", tenant=site.tenant)}
    assert [places[s["key"]] for s in sections] == sorted(places[s["key"]] for s in sections)
    for section in sections:
        assert {"key", "title", "content"} <= set(section) and isinstance(section["content"], (dict, list)), section


def test_an_inactive_section_is_not_shown(site, visitor):
    key = f"hidden-{uuid.uuid4().hex[:8]}"
    site.sql("insert into landing_page_content (key, title, content, is_active) values (%s, 'Hidden', '{}', false)", key, tenant=site.tenant)
    assert key not in visitor.get("/api/landing").text
