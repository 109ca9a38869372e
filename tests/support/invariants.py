"""What always holds, asked of the database after every fault test (contract.md, I1–I8)."""
import hashlib
import time
from pathlib import Path

JOB = """exists (select from public.jobs j where j.tenant = current_schema() and {match}
          and (j.state = 'queued' or j.state = 'running' and j.lease_until > now()))"""

CYCLE = """
with recursive edges as (
    select t.project_id, t.id as task, d.value::bigint as needs from tasks t, jsonb_array_elements_text(t.dependencies) d),
walk as (
    select project_id, task as start, needs as here, 1 as steps from edges
    union
    select w.project_id, w.start, e.needs, w.steps + 1 from walk w join edges e on e.task = w.here where w.steps <= 25)
select distinct project_id from walk where start = here"""


def violations(site):
    """Sentences about everything that is wrong; an empty list when all is well."""
    wrong = []
    for tenant in site.tenants():
        wrong += [f"{tenant}: {line}" for line in _of_tenant(site, tenant)]
    wrong += _promises(site)
    wrong += _tenants(site)
    return wrong


def _of_tenant(site, tenant):
    def rows(query, *parameters):
        return site.sql(query, *parameters, tenant=tenant)

    for row in rows("""select id, price, deposit_amount from projects
                        where deposit_amount is null or deposit_amount <> trunc(price * 100.0 / 2) / 100"""):
        yield f"I3 project {row['id']}: deposit {row['deposit_amount']} of price {row['price']}"
    yield from _money(rows)
    ready = """select p.id from projects p where (select g.state from generations g where g.project_id = p.id order by g.id desc limit 1) = 'ready'"""
    for row in rows(f"""select p.id, count(t.id) as tasks, max(length(p.prd)) as prd from ({ready}) r join projects p using (id)
                          left join tasks t on t.project_id = p.id and t.retired_at is null group by p.id
                        having count(t.id) not between 15 and 25 or coalesce(max(length(p.prd)), 0) = 0"""):
        yield f"I4 ready project {row['id']} has {row['tasks']} tasks and a document of {row['prd']} characters"
    for row in rows("""select t.id, t.project_id, d.value from tasks t, jsonb_array_elements_text(t.dependencies) d
                        where not exists (select from tasks o where o.id::text = d.value and o.project_id = t.project_id)"""):
        yield f"I4 task {row['id']} of project {row['project_id']} waits for {row['value']}, which is not there"
    for row in rows(CYCLE):
        yield f"I4 project {row['project_id']} has a cycle"
    for row in rows("select project_id, count(*) from tasks t group by project_id having count(*) <> count(distinct \"order\")"):
        yield f"I4 project {row['project_id']} has two tasks of one order"
    match = "(j.payload->>'generationId' = g.id::text or j.payload->>'generation' = g.id::text or j.key in (p.id::text, g.id::text))"
    for row in rows(f"""select p.id, g.state, g.error, g.id as generation, {JOB.format(match=match)} as live from projects p
                          left join lateral (select * from generations g where g.project_id = p.id order by g.id desc limit 1) g on true"""):
        if row["state"] is None:
            yield f"I5 project {row['id']} has no generation"
        elif row["state"] in ("queued", "running") and not row["live"]:
            yield f"I5 project {row['id']} is {row['state']} with no live job"
        elif row["state"] == "failed" and not row["error"]:
            yield f"I5 project {row['id']} failed and says nothing"
    for row in rows("""select n.id, n.kind from notices n where n.settled_at is null and not exists (
                          select from public.jobs j where j.tenant = current_schema() and j.kind = 'notice' and j.payload->>'notice' = n.id::text
                             and j.state in ('queued', 'running'))"""):
        yield f"I9 notice {row['id']} ({row['kind']}) waits and nothing will tell it"
    for row in rows("""select n.mail_id, count(distinct n.user_id) as people, count(o.id) as mails from notices n left join public.outbox o on o.id = n.mail_id
                        where n.outcome = 'mailed' group by n.mail_id having count(distinct n.user_id) <> 1 or count(o.id) = 0"""):
        yield f"I9 mail {row['mail_id']} of notices has {row['people']} readers and {row['mails']} rows"
    for row in rows("""select p.id from projects p where exists
                        (select from questions q where q.service_id = p.service_type_id and q.required and q.show_if is null)
                        and not exists (select from project_answers a where a.project_id = p.id)"""):
        yield f"I1 project {row['id']} has lost its answers"
    for row in rows("select l.id from leads l where (l.status = 'claimed') <> (l.claimed_at is not null) or l.status = 'claimed' and l.project_id is null"):
        yield f"I1 lead {row['id']} is half claimed"
    for row in rows("select lead_id, count(*) from projects where lead_id is not null group by lead_id having count(*) > 1"):
        yield f"I2 lead {row['lead_id']} became {row['count']} projects"

    yield from _files(site, tenant)


def _files(site, tenant):
    """I7: each file row's SHA-256 matches the disk; a picture that is said to have a thumbnail has one."""
    home = Path(site.env().get("FILES_DIR") or site.state / "files") / tenant
    digests = {}
    for row in site.sql("select id, encode(sha256, 'hex') as sha256, size, thumbnail from files where purged_at is null", tenant=tenant):
        name = row["sha256"]
        if name not in digests:
            path = home / name[:2] / name
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "nothing"
        if digests[name] != name:
            yield f"I7 file {row['id']} of {row['size']} bytes should be {name} and is {digests[name]} on the disk"
        if row["thumbnail"] == "made" and not (home / "thumbs" / name[:2] / f"{name}.webp").exists():
            yield f"I7 the thumbnail of file {row['id']} is gone"


def _money(rows):
    """I3: what is paid is in the ledger once, to the centavo, and everything that is said about money follows from there."""
    for row in rows("""select p.id, p.status, p.amount, count(l.id) as entries, sum(l.amount) as credited from payments p
                         left join ledger l on l.payment_id = p.id and l.kind = 'payment' group by p.id
                       having (p.status = 'succeeded') <> (count(l.id) = 1) or count(l.id) > 1 or sum(l.amount) <> p.amount"""):
        yield f"I3 payment {row['id']} of {row['amount']} is {row['status']} and has {row['entries']} entries of {row['credited']}"
    for row in rows("""select payment_intent_id, count(*) from payments where status = 'succeeded' and payment_intent_id <> ''
                        group by payment_intent_id having count(*) > 1"""):
        yield f"I3 intent {row['payment_intent_id']} was credited {row['count']} times"
    for row in rows("""select p.id, p.price, sum(v.amount) as parts from projects p join project_parts v on v.project_id = p.id group by p.id
                       having sum(v.amount) <> p.price * 100::bigint"""):
        yield f"I3 project {row['id']}: the parts are {row['parts']} centavos, the price {row['price']} pesos"
    for row in rows("""select p.id, p.payment_status, l.total from projects p
                        cross join lateral (select coalesce(sum(amount), 0) as total from ledger where project_id = p.id) l
                        where p.payment_status <> case when l.total >= p.price * 100::bigint then 'paid' when l.total > 0 then 'partially-paid' else 'pending' end"""):
        yield f"I3 project {row['id']} says {row['payment_status']} and its ledger {row['total']}"
    for row in rows("""select p.id, p.amount, -sum(l.amount) as back from payments p join ledger l on l.payment_id = p.id and l.kind = 'refund'
                        group by p.id having -sum(l.amount) > p.amount or p.status <> 'succeeded'"""):
        yield f"I3 of payment {row['id']} of {row['amount']}, {row['back']} were given back"
    for row in rows("""select coalesce(max(number), 0) as highest, count(*), (select last from receipt_counter) as last from receipts
                       having coalesce(max(number), 0) <> count(*) or count(*) <> (select last from receipt_counter)"""):
        yield f"I3 receipts have gaps: {row['count']} of them up to {row['highest']}, the counter says {row['last']}"
    for row in rows("""select (select count(*) from ledger where kind = 'refund') as refunds, count(n.number), coalesce(max(n.number), 0) as highest, (select last from credit_note_counter) as last
                       from credit_notes n join ledger l on l.id = n.ledger_id and l.kind = 'refund' and l.payment_id = n.payment_id
                       having count(n.number) <> all (array[(select count(*) from ledger where kind = 'refund'), max(n.number), (select last from credit_note_counter)])"""):
        yield f"I3 credit notes have gaps: {row['count']} of them up to {row['highest']} for {row['refunds']} refunds, the counter says {row['last']}"
    for row in rows("""select p.id, r.amount from payments p join ledger l on l.payment_id = p.id and l.kind = 'payment' and l.actor <> 'legacy'
                         left join receipts r on r.payment_id = p.id where r.amount is distinct from p.amount"""):
        yield f"I3 payment {row['id']} has a receipt of {row['amount']}"
    for row in rows("""select p.id from payments p where p.provider = 'paymongo' and p.status = 'processing' and p.reference is not null and not exists
                        (select from public.jobs j where j.tenant = current_schema() and j.kind = 'payment-check' and j.key = 'payment:' || p.id
                            and j.state in ('queued', 'running'))"""):
        yield f"I3 payment {row['id']} is open and nobody asks about it"
    for row in rows("""select e.event_id from payment_events e where e.outcome is null and not exists (select from public.jobs j
                        where j.tenant = current_schema() and j.kind = 'payment' and j.payload->>'payment' = e.payment_id::text and j.state in ('queued', 'running'))"""):
        yield f"I3 event {row['event_id']} was stored and nobody looks at it"


def _promises(site):
    """I1, I2: what clients saw with a 2xx is there, once."""
    seen = site.witness
    tenant_of = {site.host: site.tenant}

    def tenant(host):
        return tenant_of.get(host, "other" if host.startswith("other.") else site.tenant)

    for (host, project), user in list(seen.projects.items()):
        rows = site.sql("select user_id from projects where id = %s", project, tenant=tenant(host))
        if [row["user_id"] for row in rows] != [user]:
            yield f"I1 project {project} was promised to {user} and is {rows}"
    for (host, user, key), projects in list(seen.keys.items()):
        if len(projects) != 1:
            yield f"I2 key {key} made the projects {sorted(projects)}"
        rows = site.sql("select project_id from idempotency_keys where user_id = %s and key = %s", user, key, tenant=tenant(host))
        if not {row["project_id"] for row in rows} <= projects:  # none where the draft had been claimed before
            yield f"I2 key {key} is kept for {rows}, promised {sorted(projects)}"
    for hashed, host in list(seen.leads.items()):
        if not site.sql("select id from leads where token_hash = %s", hashed, tenant=tenant(host)):
            yield f"I1 a draft of {host} was promised and is gone"
    for user, address in list(seen.users.items()):
        if not site.sql("select id from users where id = %s and lower(email) = lower(%s)", user, address):
            yield f"I1 account {address} was promised and is gone"
    for (host, file), sha256 in list(seen.files.items()):
        if not site.sql("select id from files where id = %s and encode(sha256, 'hex') = %s", file, sha256, tenant=tenant(host)):
            yield f"I1 file {file} was promised and is gone"
    for (host, message), body in list(seen.messages.items()):
        if not site.sql("select id from messages where id = %s and body = %s", message, body, tenant=tenant(host)):
            yield f"I1 message {message} was promised and is gone"
    for (host, task), status in list(seen.tasks.items()):
        rows = site.sql("select status from tasks where id = %s", task, tenant=tenant(host))
        if rows and rows[0]["status"] != status:
            yield f"I1 task {task} was promised to be {status} and is {rows}"


def _tenants(site):
    for row in site.sql("""select t.schema_name, n.oid is not null as schema, r.oid is not null as role, r.rolcanlogin as login
                             from tenants t left join pg_namespace n on n.nspname = t.schema_name left join pg_roles r on r.rolname = t.schema_name
                            where n.oid is null or r.oid is null or r.rolcanlogin"""):
        yield f"I6 tenant {row['schema_name']}: schema {row['schema']}, role {row['role']}, login {row['login']}"
    for row in site.sql("""select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')
                              and nspname not in (select schema_name from tenants)"""):
        yield f"I6 schema {row['nspname']} belongs to no tenant"


def hold(site, patience=60):
    """A lease that has just run out is somebody else's in a moment: so what is wrong must stay wrong."""
    until = time.monotonic() + patience
    while wrong := list(violations(site)):
        assert time.monotonic() < until and all(" I5 " in line for line in wrong), "\n".join(wrong)
        time.sleep(0.5)
