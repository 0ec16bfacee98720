#!/usr/bin/env python3
"""Plays a district's day against a hub with a client that openapi-python-client made from /openapi.json.

    scripts/api_flows.py URL EMAIL CLIENT_FOLDER < password

District, school, purchase, allocate, reclaim, summary and roles; every answer is parsed into the generated
models, so a document that promises something else than the server gives fails here.
"""

import importlib
import sys


def main():
    url, email, folder = sys.argv[1:4]
    password = sys.stdin.readline().rstrip("\n")
    sys.path.insert(0, folder)
    package = "node_cli_client"
    client_module = importlib.import_module(package)
    models = importlib.import_module(package + ".models")

    def call(tag, name, client, **arguments):
        module = importlib.import_module(f"{package}.api.{tag}.{name}")
        answer = module.sync_detailed(client=client, **arguments)
        if answer.status_code >= 300:
            raise SystemExit(f"{name}: {int(answer.status_code)} {answer.content.decode()}")
        return answer.parsed

    plain = client_module.Client(base_url=url)
    token = call("auth", "login", plain, body=models.LoginBody(email=email, password=password)).token
    client = client_module.AuthenticatedClient(base_url=url, token=token)

    district = call("districts", "create_district", client,
                    body=models.CreateDistrictBody(name="Flowville", slug="flowville"))
    school = call("districts", "create_school", client, id=district.id,
                  body=models.CreateSchoolBody(name="Flow High"))
    shown = call("districts", "get_district", client, id=district.id)
    assert school.id in [child.id for child in shown.children], "the school stands under its district"

    seats = call("seats", "purchase_seats", client,
                 body=models.PurchaseSeatsBody(tenant_id=school.id, count=3))
    assert [seat.state for seat in seats] == ["FREE"] * 3
    given = call("seats", "allocate_seat", client,
                 body=models.AllocateSeatBody(tenant_id=school.id, learner_id="L-1"))
    again = call("seats", "allocate_seat", client,
                 body=models.AllocateSeatBody(seat_id=given.id, learner_id="L-1"))
    assert again.to_dict() == given.to_dict(), "the same again changes nothing"
    total = call("seats", "summarise_seats", client, tenant_id=district.id)
    assert (total.total_seats, total.assigned_seats, total.utilization_percentage) == (3, 1, 33.33)
    freed = call("seats", "reclaim_seat", client,
                 body=models.ReclaimSeatBody(seat_id=given.id, reason="moved"))
    assert freed.state == "FREE"
    history = call("seats", "list_seat_history", client, id=given.id)
    assert [row.action for row in history] == ["purchase", "allocate", "reclaim"]

    call("support", "enter_support", client, tenant_id=district.id,
         body=models.EnterSupportBody(reason="first admin"))
    user = call("users", "add_user", client, tenant_id=district.id,
                body=models.AddUserBody(email="first@flow.example", first_name="First", last_name="Admin"))
    role = call("roles", "grant_role", client,
                body=models.GrantRoleBody(user_id=user.user.id, tenant_id=district.id, role="coordinator"))
    tenants = call("users", "list_user_tenants", client, id=user.user.id)
    assert [one.role for one in tenants] == ["coordinator"]
    call("roles", "revoke_role", client, id=role.id)
    assert call("users", "list_user_tenants", client, id=user.user.id) == []
    call("support", "leave_support", client)
    print("the generated client did district, school, purchase, allocate, reclaim, summary and roles")


if __name__ == "__main__":
    main()
