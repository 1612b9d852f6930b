"""RAM's operations on users and their keys."""

from __future__ import annotations

from tests.lab.cloud.accounts import Key, User
from tests.lab.cloud.call import USER_NAME, Answer, Call
from tests.lab.cloud.errors import ApiError

MOST_USERS, KEYS_PER_USER = 5000, 2
PAGE, LONGEST_PAGE = 100, 1000
DETAILS = {"DisplayName": 128, "Comments": 128, "Email": 128, "MobilePhone": 128}


def create_user(call: Call) -> Answer:
    name = call.text("UserName", 64, USER_NAME)
    details = {detail: call.text(detail, longest) for detail, longest in DETAILS.items() if detail in call.given}
    if name in call.accounts.users:
        raise ApiError(409, "EntityAlreadyExists.User", "The user does already EXIST.")
    if len(call.accounts.users) >= MOST_USERS:
        raise ApiError(409, "LimitExceeded.User", "The count of the users beyond the current limits.")
    user = call.accounts.add_user(name, call.now)
    user.details = details
    return {"User": user_body(user)}


def get_user(call: Call) -> Answer:
    return {"User": user_body(call.user())}


def list_users(call: Call) -> Answer:
    """Paged by name: Marker stands for the last user of the page before."""
    size, marker = call.given.get("MaxItems", str(PAGE)), call.given.get("Marker", "")
    if not size.isdecimal() or not 1 <= int(size) <= LONGEST_PAGE:
        raise ApiError(400, "InvalidParameter.MaxItems", "The parameter MaxItems is not from 1 to 1000.")
    try:
        after = bytes.fromhex(marker).decode()
    except ValueError:
        raise ApiError(400, "InvalidParameter.Marker", "The parameter Marker is invalid.") from None
    names = [name for name in sorted(call.accounts.users) if name > after]
    page = names[: int(size)]
    body: Answer = {"Users": {"User": [user_body(call.accounts.users[name]) for name in page]}}
    more = {"Marker": page[-1].encode().hex()} if len(names) > len(page) else {}
    return body | {"IsTruncated": bool(more)} | more


def delete_user(call: Call) -> Answer:
    user = call.user()
    if user.keys:
        raise ApiError(409, "DeleteConflict.User.AccessKey", "The user can not have any access keys while deleting.")
    if user.policies:
        raise ApiError(409, "DeleteConflict.User.Policy", "The user can not have any policies while deleting.")
    del call.accounts.users[user.name]
    return {}


def create_access_key(call: Call) -> Answer:
    """Shaped as real ones are: an id of 24 characters that begins with LTAI, a secret of 30, told only here."""
    user = call.user()
    if len(user.keys) >= KEYS_PER_USER:
        raise ApiError(409, "LimitExceeded.User.AccessKey",
                       "The access key count of the user access keys beyond the current limits.")  # fmt: skip
    key = Key(f"LTAI5t{call.random(18)}", call.random(30), call.now)
    user.keys.append(key)
    return {"AccessKey": {**_key_body(key), "AccessKeySecret": key.secret}}


def list_access_keys(call: Call) -> Answer:
    """Of the caller when no user is named."""
    user = call.user() if "UserName" in call.given else call.caller
    return {"AccessKeys": {"AccessKey": [_key_body(key) for key in user.keys]}}


def update_access_key(call: Call) -> Answer:
    key = call.key(call.user())
    key.active = call.choice("Status", ("Active", "Inactive")) == "Active"
    return {}


def delete_access_key(call: Call) -> Answer:
    user = call.user()
    user.keys.remove(call.key(user))
    return {}


def get_access_key_last_used(call: Call) -> Answer:
    return {"AccessKeyLastUsed": {"LastUsedDate": call.key(call.user()).used}}


def user_body(user: User) -> Answer:
    return {"UserId": user.id, "UserName": user.name, "CreateDate": user.created, "UpdateDate": user.created, **user.details}


def _key_body(key: Key) -> Answer:
    return {"AccessKeyId": key.id, "Status": "Active" if key.active else "Inactive", "CreateDate": key.created}
