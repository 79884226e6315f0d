"""In which account and Region a resource of a plan is: what its provider's configuration says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from s3guard.audit.facts import Fact, Origin, Value
from s3guard.audit.terraform.plan import Plan, Resource
from s3guard.audit.unsettled import symbol

_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/")
_ACCOUNT: Final = re.compile("[0-9]{12}")


class Providers:
    """The AWS providers of one plan."""

    def __init__(self, plan: Plan) -> None:
        """Nothing is looked at before it is asked for."""
        self._plan = plan
        self._own = [key for key, one in plan.providers.items() if one.get("name") == "aws" and ":" not in key]
        identities = [one for one in plan.resources if one.is_data and one.type == "aws_caller_identity"]
        self._identities = {self._key(one): str(one.values.get("account_id")) for one in identities}

    def account(self, resource: Resource) -> str:
        """The id of the account, a symbol of the provider where it is not told: two of one provider are in one account."""
        key = self._key(resource)
        told = [self._identities.get(key), *_accounts(self._plan.providers.get(key) or {})]
        return next((one for one in told if one is not None and _ACCOUNT.fullmatch(one)), symbol(f"provider {key}"))

    def region(self, resource: Resource, origin: Origin) -> Fact[str]:
        """The Region: the resource's own, that of its provider, or a symbol for that."""
        own = resource.values.get("region")
        if isinstance(own, str) and own:
            return Value(own, origin)
        key = self._key(resource)
        expression = _expression(self._plan.providers.get(key) or {}, "region")
        found = expression.get("constant_value")
        references = expression.get("references")
        if isinstance(references, list) and len(references) == 1 and str(references[0]).startswith("var."):
            variable = self._plan.variables.get(str(references[0]).removeprefix("var."))
            found = variable.get("value") if isinstance(variable, dict) else None
        return Value(found if isinstance(found, str) and found else symbol(f"provider {key} region"), origin)

    def _key(self, resource: Resource) -> str:
        """The provider: that of a module is the root's of that name where there is one alone, else nobody knows whose it is."""
        written = str((self._plan.configured(resource) or {}).get("provider_config_key") or "aws")
        if ":" not in written:
            return written
        is_own = any((self._plan.providers.get(one) or {}).get("expressions") for one in (written, f"module.{written}"))
        return self._own[0] if len(self._own) == 1 and not is_own else written


def _expression(provider: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = (provider.get("expressions") or {}).get(name)
    return found if isinstance(found, dict) else {}


def _accounts(provider: Mapping[str, Any]) -> list[str]:
    """The ids of accounts that a provider's configuration names: the one it may work in, or that of the role it takes."""
    allowed = _expression(provider, "allowed_account_ids").get("constant_value")
    found = [str(allowed[0])] if isinstance(allowed, list) and len(allowed) == 1 else []
    roles = (provider.get("expressions") or {}).get("assume_role")
    for one in roles if isinstance(roles, list) else ():
        role = one.get("role_arn") if isinstance(one, dict) else None
        written = role.get("constant_value") if isinstance(role, dict) else None
        taken = _ROLE.match(written) if isinstance(written, str) else None
        found += [taken[1]] if taken is not None else []
    return found
