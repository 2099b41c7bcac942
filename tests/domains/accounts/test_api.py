import asyncio
import base64
import json

from tests.cast import PASSWORD


async def _login(one, person):
    answer = await one.http.post("/api/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_login_answers_tokens_user_and_roles(browser, cast):
    got = await _login(browser(), cast.advisor)
    assert set(got) == {"access_token", "refresh_token", "user", "expires_in"}
    payload = got["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert set(claims) == {"user_id", "email", "roles", "service_center_id", "iat", "exp"}
    assert got["user"]["roles"] == [{"role": "advisor", "service_center_id": str(cast.advisor.center_id)}]


async def test_a_bearer_token_reads_the_profile(browser, cast):
    one = browser()
    got = await _login(one, cast.customer)
    answer = await one.http.get(
        "/api/users/profile", headers={"authorization": f"Bearer {got['access_token']}"}
    )
    assert answer.status_code == 200
    assert answer.json()["email"] == cast.customer.email


async def test_a_refresh_token_rotates_and_its_reuse_ends_the_family(browser, cast):
    one = browser()
    first = await _login(one, cast.customer)
    second = await one.http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    reused = await one.http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert reused.status_code == 401
    dead = await one.http.post("/api/v1/auth/refresh", json={"refresh_token": second.json()["refresh_token"]})
    assert dead.status_code == 401


async def test_signing_out_ends_the_access_tokens_of_that_sign_in_alone(browser, cast):
    one = browser()
    phone, laptop, thief = [await _login(one, cast.customer) for _each in range(3)]

    async def reads(granted):
        bearer = {"authorization": f"Bearer {granted['access_token']}"}
        return (await one.http.get("/api/v1/users/profile", headers=bearer)).status_code

    await one.http.post("/api/v1/auth/logout", json={"refresh_token": phone["refresh_token"]})
    spent = {"refresh_token": thief["refresh_token"]}
    renewed = (await one.http.post("/api/v1/auth/refresh", json=spent)).json()
    assert [await reads(one) for one in (thief, renewed)] == [200, 200]
    await one.http.post("/api/v1/auth/refresh", json=spent)
    assert [await reads(one) for one in (phone, thief, renewed, laptop)] == [401, 401, 401, 200]


async def test_a_token_older_than_the_last_revocation_is_refused(browser, cast):
    one = browser()
    got = await _login(one, cast.customer)
    bearer = {"authorization": f"Bearer {got['access_token']}"}
    changed = await one.http.post(
        "/api/v1/users/change-password",
        json={"old_password": PASSWORD, "new_password": "another quiet phrase"},
        headers=bearer,
    )
    assert changed.status_code == 204, changed.text
    assert (await one.http.get("/api/v1/users/profile", headers=bearer)).status_code == 401


async def test_the_api_describes_itself(browser):
    answer = await browser().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    paths = answer.json()["paths"]
    login, customers = paths["/api/v1/auth/login"]["post"], paths["/api/v1/customers"]["get"]
    assert (login.get("security"), customers["security"]) == (None, [{"bearer": []}])
    assert "read:customers" in customers["description"]
    told = login["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert told.endswith("Granted")
    page = (await browser().get("/api")).text
    calls = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert {one for one in calls if f">{one}<" not in page} == set()
    assert '<code dir="ltr">read:customers</code>' in page


async def test_a_call_that_is_refused_says_what_is_wrong(browser, cast):
    one = browser()
    wrong = {"email": cast.customer.email, "password": "not the password"}
    told = await one.http.post("/api/v1/auth/login", json=wrong)
    assert (told.status_code, told.json()["error"]) == (401, "Email or password is not right.")
    told = await one.http.post("/api/v1/auth/login", json={"email": 7})
    assert (told.status_code, "extra" in told.json()) == (400, False)
    assert "email" in "".join([*told.json()["errors"], *told.json()["errors"].values()])
    told = await browser(cast.customer).get("/api/v1/customers")
    assert (told.status_code, told.json()) == (403, {"error": "Insufficient permissions"})
    assert 'scope="read:customers"' in told.headers["www-authenticate"]


async def test_a_call_sent_twice_is_carried_out_once_and_answered_the_same(browser, cast):
    one = browser(cast.customer)
    body = {"name": "Once", "locale": "en", "zone": "UTC", "distance_unit": "km"}
    first, again = await asyncio.gather(
        *(
            one.json("PUT", "/api/v1/users/profile", body, headers={"idempotency-key": "p1"})
            for _twin in range(2)
        )
    )
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await one.json(
        "PUT", "/api/v1/users/profile", {**body, "name": "Twice"}, headers={"idempotency-key": "p1"}
    )
    assert other.status_code == 409
    assert (await one.get("/api/v1/users/profile")).json()["name"] == "Once"
