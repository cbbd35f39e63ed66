"""The board in a browser: what a person sees and does there."""

import re

from boards import PATIENCE, open_to_all

READY = "Checkout says"          # in design, ready to move on
REFUSED = "Customers are charged twice"   # in testing, with tests that failed
REVIEWED = "Gift cards"          # its requirements wait for a review


def text_of(page, selector="main"):
    return page.locator(selector).inner_text()


# --- seeing ------------------------------------------------------------------------------------------------------------


def test_board_shows_where_every_ticket_is_and_what_holds_it(service, shop, window):
    page = window(service).open("/")
    columns = {name: page.get_by_role("region", name=name, exact=True) for name in ("Backlog", "Requirements", "Testing", "Blocked")}
    counted = dict(shop.rows("SELECT phase_id::text, count(*) FROM tickets GROUP BY 1"))
    assert columns["Backlog"].locator(".number").inner_text() == str(counted["PHASE_BACKLOG"])
    assert columns["Backlog"].locator(".card").count() == counted["PHASE_BACKLOG"]
    assert "Waits for its review" in columns["Requirements"].inner_text()
    assert '"test_results" has false as "all_passed"' in columns["Testing"].inner_text()
    assert "overdue" in columns["Testing"].inner_text()
    assert "Waiting for the credit limits" in columns["Blocked"].inner_text()
    page.get_by_role("link", name=re.compile(REFUSED)).click()
    assert page.get_by_role("heading", level=1).inner_text().startswith(REFUSED)


def test_board_finds_tickets_by_title_and_priority(service, window):
    page = window(service).open("/")
    page.get_by_label("Part of the title").fill("CHECKOUT")
    page.get_by_role("button", name="Find").click()
    titles = page.locator(".card a.title").all_inner_texts()
    assert titles and all("checkout" in title.lower() for title in titles)
    page.get_by_label("Priority").select_option("HIGH")
    page.get_by_role("button", name="Find").click()
    assert 0 < page.locator(".card").count() < len(titles)
    assert page.get_by_label("Part of the title").input_value() == "CHECKOUT"


def test_ticket_says_why_it_stays_where_it_may_go_and_what_happened(service, shop, window):
    ticket = shop.ticket(REFUSED)
    page = window(service).open(f"/tickets/{ticket}")
    said = text_of(page)
    assert "Stays in Testing for now" in said
    assert 'The artifact "test_results" has false as "all_passed", where true is needed.' in said
    assert "Not yet: Move to Deployment" in said
    assert page.get_by_role("button", name="Send back to Implementation").is_visible()
    assert page.get_by_role("button", name="Move to Deployment").count() == 0
    visits = page.locator(".visits > li").all_inner_texts()
    assert [visit.split("\n")[0] for visit in visits] == \
        ["Testing", "Implementation", "Testing", "Implementation", "Design", "Requirements", "Backlog"]
    assert "sent back" in visits[1] and "3 tests fail in Safari" in visits[1] and "tess" in visits[1]
    assert "gate passed" in visits[0] and "test_coverage" in visits[0]


def test_machine_is_a_picture_and_says_what_gates_ask_for(service, shop, window):
    page = window(service).open("/machine")
    picture = page.locator(".machine svg")
    boxes = [text for text in picture.locator("text:not(.sub)").all_text_contents()]
    assert boxes == ["Backlog", "Requirements", "Design", "Implementation", "Testing", "Deployment", "Done", "Blocked"]
    drawn = picture.locator("path.edge").count()
    assert drawn == shop.one("SELECT count(*) FROM phase_transitions WHERE 'PHASE_BLOCKED' NOT IN (from_phase::text, to_phase::text)")
    assert picture.locator("path.lock").count() == 5
    assert "The gate asks for requirements_document all tasks done a review" in text_of(page).replace("\n", " ")


# --- moving ------------------------------------------------------------------------------------------------------------


def test_ticket_is_moved_with_a_reason(service, shop, window):
    ticket = shop.ticket(READY)
    window = window(service)
    page = window.open(f"/tickets/{ticket}")
    page.get_by_label("Reason").fill("The design is agreed")
    page.get_by_role("button", name="Move to Implementation").click()
    page.get_by_text("The ticket has moved").wait_for()
    assert shop.phase(ticket) == "PHASE_IMPLEMENTATION"
    assert shop.rows("SELECT transition_reason, transitioned_by FROM phase_history WHERE ticket_id = %s ORDER BY created_at DESC, id DESC LIMIT 1",
                     ticket) == [("The design is agreed", "postgres")]
    assert "The design is agreed" in page.locator(".visits > li").first.inner_text()
    assert page.get_by_label("Reason").input_value() == ""
    window.picture("move")


def test_refused_move_shows_its_reasons_and_loses_nothing(service, shop, window):
    ticket = shop.ticket(READY)
    window = window(service)
    # What happens meanwhile the page does not hear.
    window.context.route("**/changes*", lambda route: route.abort())
    page = window.open(f"/tickets/{ticket}")
    page.get_by_label("Reason").fill("The design is agreed")
    page.get_by_text("Hand in evidence").click()
    page.get_by_label("Where it is kept").fill("docs/later.md")
    shop.owner.execute("INSERT INTO phase_gate_requirements (phase_id, required_artifacts) VALUES ('PHASE_DESIGN', '{threat_model}')")
    page.get_by_role("button", name="Move to Implementation").click()
    refusal = page.get_by_role("alert")
    refusal.wait_for()
    assert refusal.inner_text().startswith("Phase gate not passed")
    assert 'The artifact "threat_model" is missing.' in refusal.inner_text()
    assert page.get_by_label("Reason").input_value() == "The design is agreed"
    assert page.get_by_label("Where it is kept").input_value() == "docs/later.md"
    assert page.evaluate("document.activeElement.className") == "answer refused"
    assert page.url.endswith(f"/tickets/{ticket}")
    assert shop.phase(ticket) == "PHASE_DESIGN"
    window.picture("refused_move")


def test_ticket_that_has_gone_on_is_not_moved_from_where_it_was(service, shop, window):
    ticket = shop.ticket(READY)
    window = window(service)
    window.context.route("**/changes*", lambda route: route.abort())
    page = window.open(f"/tickets/{ticket}")
    shop.owner.execute("SELECT block_ticket(%s, 'Stop')", [ticket])
    page.get_by_role("button", name="Move to Implementation").click()
    page.get_by_role("alert").wait_for()
    assert "not in the expected phase" in page.get_by_role("alert").inner_text()
    assert shop.phase(ticket) == "PHASE_BLOCKED"
    # The page is as things are now.
    assert "Blocked for" in text_of(page)


def test_ticket_is_blocked_for_a_reason_only_and_returns(service, shop, window):
    ticket = shop.ticket(READY)
    page = window(service).open(f"/tickets/{ticket}")
    page.get_by_role("button", name="Block").click()
    assert "must not be null" in page.get_by_role("alert").inner_text()
    page.get_by_label("Reason").fill("Waiting for legal")
    page.get_by_role("button", name="Block").click()
    page.locator(".verdict.held").wait_for()
    assert "Waiting for legal" in text_of(page) and "It was in Design." in text_of(page)
    page.get_by_role("button", name="Return to Design").click()
    page.get_by_text("Ready to move to Implementation").wait_for()
    assert shop.phase(ticket) == "PHASE_DESIGN"


def test_evidence_is_handed_in_and_lets_the_ticket_go(service, shop, window):
    ticket = shop.ticket("Webhooks from")
    page = window(service).open(f"/tickets/{ticket}")
    assert "Stays in Implementation" in text_of(page)
    page.get_by_text("Hand in evidence").click()
    page.get_by_label("Type").fill("test_coverage")
    page.get_by_label("Content", exact=False).last.fill('{"percentage": 91.5}')
    page.get_by_role("button", name="Hand in").click()
    page.get_by_text("Ready to move to Testing").wait_for()
    assert shop.one("SELECT artifact_content->>'percentage' FROM phase_gate_artifacts WHERE ticket_id = %s AND artifact_type = 'test_coverage' "
                    "ORDER BY collected_at DESC, id DESC LIMIT 1", ticket) == "91.5"


def test_ticket_is_moved_past_its_gate_and_the_history_says_so(service, shop, window):
    ticket = shop.ticket(REFUSED)
    page = window(service).open(f"/tickets/{ticket}")
    page.get_by_text("Move past the gate").first.click()
    page.get_by_label("To", exact=True).select_option("PHASE_DEPLOYMENT")
    page.get_by_label("Why it is forced").fill("Safari is to be mended later")
    page.get_by_role("button", name="Move past the gate").click()
    page.get_by_text("The ticket was moved past its gate").wait_for()
    assert shop.phase(ticket) == "PHASE_DEPLOYMENT"
    last = page.locator(".visits > li").first.inner_text()
    assert "forced" in last and "Safari is to be mended later" in last


def test_new_ticket_is_added(service, shop, window):
    page = window(service).open("/")
    page.get_by_role("link", name="New ticket").click()
    page.get_by_label("Title").fill("Invoices in Danish")
    page.get_by_label("Description").fill("As in Swedish")
    page.get_by_label("Priority").select_option("HIGH")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("heading", name="Invoices in Danish").wait_for()
    assert shop.rows("SELECT description, priority, phase_id::text FROM tickets WHERE title = 'Invoices in Danish'") == \
        [("As in Swedish", "HIGH", "PHASE_BACKLOG")]


# --- reviews -----------------------------------------------------------------------------------------------------------


def test_review_is_approved_or_rejected_with_feedback(service, shop, window):
    window = window(service)
    page = window.open("/reviews")
    window.picture("reviews")
    first, second = page.locator("article.review").nth(0), page.locator("article.review").nth(1)
    assert "requirements_document" in first.inner_text() and "## Acceptance criteria" in first.inner_text()
    titles = [review.locator("h2").inner_text() for review in (first, second)]
    first.get_by_label("Feedback").fill("Well done")
    first.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved", exact=True).wait_for()
    rejected = page.locator("article.review").filter(has_text=titles[1])
    rejected.get_by_label("Feedback").fill("Too short")
    rejected.get_by_label("What keeps it from passing").fill("No tests are named\nNobody is to pay")
    rejected.get_by_role("button", name="Reject").click()
    page.get_by_text("Rejected, with your feedback").wait_for()
    given = {shop.one("SELECT title FROM tickets WHERE id = %s", row[0]): row[1:] for row in shop.rows(
        "SELECT ticket_id, assigned_agent_id, result FROM tasks WHERE kind = 'review' AND assigned_agent_id = 'postgres'")}
    assert given[titles[0]] == ("postgres", {"approved": True, "feedback": "Well done"})
    assert given[titles[1]][1] == {"approved": False, "feedback": "Too short", "blocking_reasons": ["No tests are named", "Nobody is to pay"]}
    page.goto(f"/tickets/{shop.ticket(titles[0])}")
    assert "Ready to move to Design" in text_of(page)
    window.picture("review_given")


def test_review_is_not_given_by_who_took_part_and_what_was_typed_stays(service, shop, window):
    window = window(service)
    window.context.route("**/changes*", lambda route: route.abort())
    page = window.open("/reviews")
    review = page.locator("article.review").first
    title = review.locator("h2").inner_text()
    ticket = shop.ticket(title)
    review.get_by_label("Feedback").fill("Looks right")
    shop.owner.execute("SELECT add_artifact(%s, 'note', collected_by => 'postgres')", [ticket])
    review.get_by_role("button", name="Approve").click()
    page.get_by_role("alert").wait_for()
    assert "Reviewer took part in the phase" in page.get_by_role("alert").inner_text()
    assert shop.one("SELECT count(*) FROM tasks WHERE kind = 'review' AND status = 'pending' AND ticket_id = %s", ticket) == 1
    assert "You took part in this phase" in page.locator("article.review").filter(has_text=title).inner_text()


# --- the queue ---------------------------------------------------------------------------------------------------------


def fail(shop, number):
    """Tasks that failed, of one ticket."""
    ticket = shop.ticket("Apple Pay")
    shop.owner.execute(
        "INSERT INTO tasks (ticket_id, phase_id, task_type, status, error_message, assigned_agent_id) "
        "SELECT %s, 'PHASE_DEPLOYMENT', 'roll_out_' || n, 'failed', 'Connection refused (' || n || ')', 'olga' FROM generate_series(1, %s) n",
        [ticket, number])


def test_failed_tasks_are_retried_in_bulk(service, shop, window):
    fail(shop, 20)
    window = window(service)
    page = window.open("/queue")
    assert page.locator("tbody tr").count() == 21 and "Connection refused (7)" in text_of(page)
    page.get_by_label("All on this page").check()
    page.get_by_label(re.compile("roll out 7 of")).uncheck()
    window.picture("bulk_retry_chosen", full=False)
    page.get_by_role("button", name="Retry those chosen").click()
    page.get_by_text("20 tasks will be tried again").wait_for()
    assert shop.rows("SELECT task_type FROM tasks WHERE status = 'failed'") == [("roll_out_7",)]
    window.picture("bulk_retry", full=False)


def test_all_tasks_that_match_are_cancelled_at_once(service, shop, window):
    fail(shop, 120)
    page = window(service).open("/queue?show=failed&phase=PHASE_DEPLOYMENT")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("link", name="Next page").click()
    page.get_by_label(re.compile("all 120 that match")).check()
    page.get_by_label("Reason of a cancellation").fill("The customer left")
    page.get_by_role("button", name="Cancel those chosen").click()
    page.get_by_text("120 tasks are cancelled").wait_for()
    assert shop.rows("SELECT count(*), min(error_message) FROM tasks WHERE status = 'cancelled'") == [(120, "The customer left")]
    # The phase was chosen: what failed elsewhere stays.
    assert shop.one("SELECT count(*) FROM tasks WHERE status = 'failed'") == 1


def test_nothing_chosen_is_said(service, shop, window):
    page = window(service).open("/queue?show=failed")
    page.get_by_label("Reason of a cancellation").fill("Later")
    page.get_by_role("button", name="Cancel those chosen").click()
    assert "No task was chosen" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Reason of a cancellation").input_value() == "Later"


def test_task_is_retried_from_its_ticket(service, shop, window):
    ticket = shop.ticket("Show prices")
    page = window(service).open(f"/tickets/{ticket}")
    assert "npm ci: 503" in text_of(page)
    page.get_by_role("button", name=re.compile("^Retry")).click()
    page.get_by_text("to be done").wait_for()
    assert shop.one("SELECT status FROM tasks WHERE ticket_id = %s AND task_type = 'implement_feature'", ticket) == "pending"


# --- alive -------------------------------------------------------------------------------------------------------------


def test_two_browsers_see_what_the_other_did(service, shop, window):
    ticket = shop.ticket(READY)
    one, two = window(service), window(service)
    one.open("/")
    two.open(f"/tickets/{ticket}")
    board = one.live()
    two.live()
    design = board.get_by_role("region", name="Design", exact=True)
    assert READY in design.inner_text()
    board.get_by_label("Part of the title").fill("half a wo")
    two.page.get_by_role("button", name="Move to Implementation").click()
    two.page.get_by_text("The ticket has moved").wait_for()
    board.get_by_role("region", name="Implementation", exact=True).get_by_text(re.compile(READY)).wait_for(timeout=PATIENCE)
    assert READY not in design.inner_text()
    # What was being typed is untouched.
    assert board.get_by_label("Part of the title").input_value() == "half a wo"
    one.picture("two_browsers_board")
    two.picture("two_browsers_ticket")


def test_page_is_current_without_reload_and_keeps_what_is_typed_and_opened(service, shop, window):
    ticket = shop.ticket("Webhooks from")
    window = window(service)
    window.open(f"/tickets/{ticket}")
    page = window.live()
    page.get_by_label("Reason").fill("Because")
    page.get_by_text("Hand in evidence").click()
    page.get_by_label("Where it is kept").fill("docs/a.md")
    page.get_by_label("Where it is kept").focus()
    shop.owner.execute("SELECT add_artifact(%s, 'test_coverage', artifact_content => '{\"percentage\": 99}')", [ticket])
    page.get_by_role("button", name="Move to Testing").wait_for()
    assert page.get_by_label("Reason").input_value() == "Because"
    assert page.get_by_label("Where it is kept").is_visible()
    assert page.get_by_label("Where it is kept").input_value() == "docs/a.md"
    assert page.evaluate("document.activeElement.id") == "artifact-path"


def test_page_is_right_after_a_lost_connection(shop, window):
    ticket = shop.ticket(READY)
    with open_to_all(shop) as service:
        first = window(service)
        first.open("/")
        page = first.live()
        address = service.address.removeprefix("http://")
    page.locator("#line.lost").wait_for()
    shop.owner.execute("SELECT transition_ticket(%s, 'PHASE_IMPLEMENTATION')", [ticket])
    with open_to_all(shop, listen=address):
        page.get_by_role("region", name="Implementation", exact=True).get_by_text(re.compile(READY)).wait_for(timeout=PATIENCE)
        first.live()
        assert READY not in page.get_by_role("region", name="Design", exact=True).inner_text()


# --- for everybody -----------------------------------------------------------------------------------------------------


def test_keyboard_alone_is_enough(service, shop, window):
    ticket = shop.ticket(READY)
    window = window(service)
    page = window.open("/")
    press = page.keyboard.press
    focused = lambda: page.evaluate("document.activeElement.innerText || document.activeElement.id || document.activeElement.tagName")

    def tab_to(text, most=80):
        for _ in range(most):
            press("Tab")
            if str(focused()).strip().startswith(text):
                return
        raise AssertionError(f"Tab does not lead to {text}, but to {focused()}")

    press("Tab")
    assert focused() == "To the contents"
    press("Enter")
    tab_to(READY)
    # It is seen where the focus is.
    assert page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle") != "none"
    window.picture("keyboard", full=False)
    press("Enter")
    page.wait_for_url("**/tickets/*")
    tab_to("reason")
    page.keyboard.type("By hand")
    tab_to("Move to Implementation")
    press("Enter")
    page.get_by_text("The ticket has moved").wait_for()
    assert shop.phase(ticket) == "PHASE_IMPLEMENTATION"


def test_everything_works_without_javascript(service, shop, window):
    ticket = shop.ticket(READY)
    window = window(service, java_script_enabled=False)
    page = window.open("/")
    page.get_by_role("link", name=re.compile(READY)).click()
    page.get_by_label("Reason").fill("Agreed")
    shop.owner.execute("INSERT INTO phase_gate_requirements (phase_id, required_artifacts) VALUES ('PHASE_DESIGN', '{threat_model}')")
    page.get_by_role("button", name="Move to Implementation").click()
    assert 'The artifact "threat_model" is missing.' in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Reason").input_value() == "Agreed"
    window.picture("no_javascript_refused")
    page.get_by_text("Hand in evidence").click()
    page.get_by_label("Type").fill("threat_model")
    page.get_by_role("button", name="Hand in").click()
    page.get_by_label("Reason").fill("Agreed")
    page.get_by_role("button", name="Move to Implementation").click()
    assert "The ticket has moved" in text_of(page) and shop.phase(ticket) == "PHASE_IMPLEMENTATION"
    page.goto("/reviews")
    page.get_by_label("Feedback").first.fill("Good")
    page.get_by_role("button", name="Approve").first.click()
    assert "Approved" in text_of(page)
    page.goto("/queue?show=failed")
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Retry those chosen").click()
    assert "1 task will be tried again" in text_of(page)
    window.picture("no_javascript")


PAGES = ["/", "/phases/PHASE_TESTING", "/reviews", "/queue", "/queue?show=working", "/machine", "/new"]


def test_no_page_keeps_anybody_out(service, shop, window):
    pages = [*PAGES, f"/tickets/{shop.ticket(REFUSED)}", f"/tickets/{shop.ticket('Pay by invoice')}"]
    # Contrast is the scheme's, what fits is the width's: one does not depend on the other.
    for scheme, width in [("light", 1440), ("dark", 390)]:
        one = window(service, color_scheme=scheme, viewport={"width": width, "height": 844})
        for path in pages:
            page = one.open(path)
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            one.check(f"{path} {scheme} {width}")
            one.fits()
            name = re.sub(r"\W+", "_", path.split("/tickets")[0].strip("/")) or ("ticket" if "tickets" in path else "board")
            one.picture(f"{name}_{scheme}_{width}")


def test_phase_that_needs_two_approvals_is_shown_once_to_each_reviewer(service, shop, window):
    shop.owner.execute("UPDATE phase_gate_requirements SET required_approvals = 2 WHERE phase_id = 'PHASE_REQUIREMENTS'")
    ticket = shop.ticket(REVIEWED)
    shop.owner.execute("SELECT validate_gate(%s)", [ticket])
    assert shop.one("SELECT count(*) FROM tasks WHERE kind = 'review' AND status = 'pending' AND ticket_id = %s", ticket) == 2
    page = window(service).open("/reviews")
    review = page.locator("article.review").filter(has_text=REVIEWED)
    assert review.count() == 1 and "2 approvals needed" in review.inner_text()
    review.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved", exact=True).wait_for()
    again = page.locator("article.review").filter(has_text=REVIEWED)
    assert "by postgres" in again.inner_text() and "You have approved it" in again.inner_text()
    assert again.get_by_role("button", name="Approve").count() == 0
    # It is another reviewer's turn; with new evidence it is everybody's.
    shop.owner.execute("SELECT add_artifact(%s, 'note', collected_by => 'dora')", [ticket])
    page.reload()
    assert again.get_by_role("button", name="Approve").count() == 1
