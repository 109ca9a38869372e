"""Questions: what a service asks its clients."""
import pytest

import onboarding

TYPES = {"text", "textarea", "select", "radio", "checkbox", "number"}


@pytest.fixture
def all_questions(visitor):
    """Of the demo services; other tests add services with names of their own."""
    return {s["id"]: onboarding.questions(visitor, s["id"]) for s in onboarding.services(visitor) if not s["name"].startswith("Asks ")}


def test_every_service_asks_six_to_ten_well_formed_questions(all_questions):
    for service, questions in all_questions.items():
        assert 6 <= len(questions) <= 10, service
        assert len({q["questionKey"] for q in questions}) == len(questions)
        for question in questions:
            assert set(question) == {"id", "questionKey", "questionText", "questionType", "required", "placeholder", "sortOrder",
                                     "options", "showIf"}
            assert question["questionText"].strip() and question["questionType"] in TYPES and isinstance(question["required"], bool)


def test_questions_come_in_their_sort_order(all_questions):
    for questions in all_questions.values():
        assert [q["sortOrder"] for q in questions] == sorted(q["sortOrder"] for q in questions)


def test_all_six_types_and_conditions_are_in_use(all_questions):
    every = [q for questions in all_questions.values() for q in questions]
    assert {q["questionType"] for q in every} == TYPES
    assert any(q["showIf"] for q in every) and any(q["required"] for q in every) and not all(q["required"] for q in every)


def test_choices_have_options_and_free_questions_have_none(all_questions):
    for question in (q for questions in all_questions.values() for q in questions):
        if question["questionType"] in ("select", "radio", "checkbox"):
            assert len(question["options"]) >= 2 and len(set(question["options"])) == len(question["options"]), question
            assert all(isinstance(option, str) and option for option in question["options"])
        else:
            assert question["options"] == []


def test_a_condition_refers_to_an_earlier_question_and_to_options_it_has(all_questions):
    def parts(condition):
        return [p for one in condition.get("all", []) + condition.get("any", []) for p in parts(one)] or [condition]

    for questions in all_questions.values():
        earlier = {}
        for question in questions:
            for part in parts(question["showIf"]) if question["showIf"] else []:
                asked = earlier[part["questionKey"]]
                wanted = part.get("in", [part.get("equals")])
                assert not asked["options"] or set(wanted) <= set(asked["options"]), question
            earlier[question["questionKey"]] = question


def test_an_unknown_service_has_no_questions(visitor):
    visitor.get("/api/questions/999999").problem(404)
    visitor.get("/api/questions/abc").problem(404)
    visitor.get("/api/questions").problem(404)
