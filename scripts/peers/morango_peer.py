#!/usr/bin/env python3
"""One Morango instance with teachers in SQLite: a hub that serves, or a node that pushes to it.

    morango_peer.py hub FOLDER                      # prints its port and serves until it is stopped
    morango_peer.py node FOLDER URL ROWS [tuned]    # pushes rows, then nothing, then 100 changes; prints JSON
    morango_peer.py count FOLDER                    # how many rows the hub's store holds

Run by `compare`, with the Python of its environment. SQLite with a write-ahead log and synchronous=NORMAL,
which asks less of it than ours does of itself. `tuned` goes beyond what users can set: chunks ten times as
large, the fastest compression, and none of the pauses between two questions how far the other side is.
"""
import json
import os
import pathlib
import sys
import time

from django.conf import settings

ROLE, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
HERE = pathlib.Path(__file__).resolve().parent
CERTIFICATES = FOLDER / "certificates.json"
PROFILE = "roster"
REPEATS = 3
CHANGES = 100


def set_up():
    sys.path.insert(0, str(HERE))
    name = "node.db" if ROLE == "node" else "hub.db"
    settings.configure(
        SECRET_KEY="of a benchmark", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="morango.urls", USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "morango", "roster"],
        DATABASES={"default": {
            "ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / name), "OPTIONS": {"timeout": 60}}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []})
    import django
    django.setup()
    from django.db.backends.signals import connection_created
    connection_created.connect(set_pragmas, weak=False)


def set_pragmas(connection, **_):
    with connection.cursor() as cursor:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -16384"):
            cursor.execute("PRAGMA " + pragma)


def make_tables():
    from django.core.management import call_command
    from morango.models.certificates import ScopeDefinition
    from morango.models.core import InstanceIDModel
    call_command("migrate", run_syncdb=True, verbosity=0)
    ScopeDefinition.objects.get_or_create(
        id="all", profile=PROFILE, version=1, primary_scope_param_key="dataset", description="everything",
        read_filter_template="", write_filter_template="", read_write_filter_template="${dataset}")
    InstanceIDModel.get_or_create_current_instance()


def certify():
    """The hub's own certificate and one for the node, written where the node finds both."""
    from morango.models.certificates import Certificate
    from morango.models.fields.crypto import Key
    root = Certificate.generate_root_certificate("all")
    node = Certificate(
        parent=root, profile=PROFILE, scope_definition=root.scope_definition,
        scope_version=root.scope_version, scope_params=json.dumps({"dataset": root.id}))
    node.private_key = Key()
    root.sign_certificate(node)
    CERTIFICATES.write_text(json.dumps({
        "hub": [root.serialized, root.signature], "node": [node.serialized, node.signature],
        "key": node.private_key.get_private_key_string()}))


def take_certificates():
    from morango.models.certificates import Certificate
    from morango.models.fields.crypto import Key
    written = json.loads(CERTIFICATES.read_text())
    hub = Certificate.deserialize(*written["hub"])
    hub.check_certificate()
    hub.save()
    node = Certificate.deserialize(*written["node"])
    node.private_key = Key(private_key_string=written["key"])
    node.check_certificate()
    node.save()
    return hub, node


def serve():
    import waitress
    from django.core.wsgi import get_wsgi_application
    make_tables()
    certify()
    server = waitress.create_server(
        get_wsgi_application(), host="127.0.0.1", port=0, threads=4, max_request_body_size=1 << 30)
    print(server.effective_port, flush=True)
    server.run()


def fill(dataset, rows):
    from django.db import transaction
    from roster.models import Teacher
    teachers = []
    for number in range(rows):
        teacher = Teacher(
            dataset=dataset, name=f"Maria Garcia {number}", email=f"maria.garcia{number}@district.example",
            school=f"School {number % 200}", grade=number % 12 + 1)
        teacher.id = teacher.calculate_uuid()
        teachers.append(teacher)
    with transaction.atomic():
        Teacher.objects.bulk_create(teachers, batch_size=500)


def change(round_number):
    from roster.models import Teacher
    ids = list(Teacher.objects.order_by("email").values_list("id", flat=True)[:CHANGES])
    Teacher.objects.filter(id__in=ids).update(grade=100 + round_number)


def push(url, hub, node, tuned):
    """One sync as an application runs it: seconds, records, bytes sent."""
    from morango.models.certificates import Filter
    from morango.sync.controller import MorangoProfileController
    controller, wanted, began = MorangoProfileController(PROFILE), Filter(hub.id), time.perf_counter()
    controller.serialize_into_store(filter=wanted)
    choices = {"chunk_size": 5000, "compresslevel": 1} if tuned else {}
    connection = controller.create_network_connection(url, **choices)
    session = connection.create_sync_session(node, hub)
    client = session.get_push_client()
    client.initialize(wanted)
    records = client.context.transfer_session.records_total or 0
    client.run()
    client.finalize()
    session.close_sync_session()
    return {"seconds": time.perf_counter() - began, "records": records, "bytes": connection.bytes_sent}


def run_node(url, rows, tuned):
    if tuned:
        import morango.sync.controller
        morango.sync.controller.sleep = lambda seconds: None
    make_tables()
    hub, node = take_certificates()
    fill(hub.id, rows)
    first, nothing, changed = push(url, hub, node, tuned), [], []
    for number in range(REPEATS):
        nothing.append(push(url, hub, node, tuned))
        change(number)
        changed.append(push(url, hub, node, tuned))
    expected = [rows] + [0] * REPEATS + [CHANGES] * REPEATS
    found = [one["records"] for one in [first, *nothing, *changed]]
    if found != expected:
        sys.exit(f"Morango moved {found} records instead of {expected}")
    print(json.dumps({"first": first, "nothing": nothing, "changed": changed}))


def count():
    from morango.models.core import Store
    print(Store.objects.count())


def main():
    os.environ["PYTHONWARNINGS"] = "ignore"
    set_up()
    if ROLE == "hub":
        serve()
    elif ROLE == "node":
        run_node(sys.argv[3], int(sys.argv[4]), "tuned" in sys.argv[5:])
    else:
        count()


if __name__ == "__main__":
    main()
