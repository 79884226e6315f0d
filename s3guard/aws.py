"""The way into AWS: the SDK's own chain of credentials, narrowed by what the user said, and its errors in words.

Nothing is imported or asked before it is needed. Credentials that expire are fetched anew by the SDK, for as long as a run takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from s3guard import __version__
from s3guard.model import UnableError, UsageError

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from botocore.session import Session

RETRIES: Final = 8
"""Attempts of a request in all, with growing pauses of random length between them."""
CONNECT: Final = 5
"""Seconds to reach a server."""
ANSWER: Final = 30
"""Seconds without a byte of an answer, after which a request is tried again."""
_CONNECTIONS: Final = 64


@dataclass(frozen=True, slots=True)
class Access:
    """How AWS is reached, as the user said it; what is None is left to the SDK: environment, profile, container, instance."""

    profile: str | None = None
    region: str | None = None
    role_arn: str | None = None
    """A role that is assumed with the credentials that are found."""
    endpoint_url: str | None = None
    """Of S3."""
    request_payer: bool = False
    """Whether the caller agrees to pay for requests to buckets with Requester Pays."""


class Account:
    """AWS as one run reaches it."""

    def __init__(self, access: Access) -> None:
        """Nothing is read or asked yet."""
        self.access = access

    @cached_property
    def _found(self) -> Session:
        """A session of the SDK with the credentials that its own chain finds."""
        import botocore.session
        from botocore.exceptions import BotoCoreError

        session = botocore.session.Session(profile=self.access.profile)
        try:
            if self.access.region is not None:
                session.set_config_variable("region", self.access.region)
            if session.get_credentials() is None:
                raise UsageError(
                    "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile, "
                    "or run where a role is attached"
                )
        except BotoCoreError as error:
            raise UsageError(f"AWS: {error}") from error
        return session

    @property
    def region(self) -> str:
        """The Region to ask first: the user's, the SDK's, else us-east-1, where S3 knows all buckets of its partition."""
        found = self.access.region or self._found.get_config_variable("region")
        return str(found) if found else "us-east-1"

    @property
    def region_said(self) -> str | None:
        """The Region that the user or the SDK's own chain names; None where nobody does."""
        found = self.access.region or self._found.get_config_variable("region")
        return str(found) if found else None

    @cached_property
    def id(self) -> str:
        """The number of the account whose credentials are in use, asked of STS; UnableError where it does not say."""
        with _explained("GetCallerIdentity"):
            return str(self.client("sts", self.region).get_caller_identity()["Account"])

    @cached_property
    def credentials(self) -> Credentials:
        """The credentials in use, which renew themselves; UsageError where there are none, UnableError where the role is refused."""
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        found = self._found.get_credentials()
        assert found is not None  # noqa: S101 - for the type checker; `_found` has looked
        role = self.access.role_arn
        if role is not None:
            fetcher = AssumeRoleCredentialFetcher(
                client_creator=self._found.create_client,
                source_credentials=found,
                role_arn=role,
                extra_args={"RoleSessionName": "s3guard"},
            )
            found = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return found

    def frozen(self) -> ReadOnlyCredentials:
        """The credentials of this moment; good for ten minutes at least, where they are of a kind that is renewed."""
        with _explained(f"--role-arn {self.access.role_arn}" if self.access.role_arn else "AWS credentials"):
            return self.credentials.get_frozen_credentials()

    def client(self, service: str, region: str | None = None, endpoint: str | None = None) -> Any:  # noqa: ANN401 - a client's class is made when it runs
        """A client of a service, in a Region other than the user's where one is given; times in its answers are texts, as they came.

        `endpoint` is where the service is, if not at AWS's own address; of S3 the user has said it.
        """
        from botocore.config import Config

        self.frozen()
        return self._mine.create_client(
            service,
            region_name=region or self.access.region,
            endpoint_url=endpoint or (self.access.endpoint_url if service == "s3" else None),
            config=Config(
                retries={"mode": "standard", "total_max_attempts": RETRIES},
                connect_timeout=CONNECT,
                read_timeout=ANSWER,
                max_pool_connections=_CONNECTIONS,
                user_agent_extra=f"s3guard/{__version__}",
            ),
        )

    @cached_property
    def _mine(self) -> Session:
        """A session of the SDK with the credentials in use; one for all clients, since each session reads the models of services anew."""
        import botocore.session
        from botocore.credentials import CredentialProvider, CredentialResolver

        mine = self.credentials

        class Given(CredentialProvider):
            """The credentials of this account."""

            METHOD = "s3guard"

            def load(self) -> Credentials:
                """As they are."""
                return mine

        session = botocore.session.Session(profile=self.access.profile)
        session.register_component("credential_provider", CredentialResolver([Given()]))
        # NOTE: to read the time of each object takes two thirds of a listing, and nobody looks at it.
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
        return session

    @cached_property
    def authorities(self) -> bytes | None:
        """The certificate authorities that the user trusts beside the system's, PEM; UsageError where their file cannot be read."""
        file = self._found.get_config_variable("ca_bundle")
        try:
            return Path(file).read_bytes() if file else None
        except OSError as error:
            raise UsageError(f"AWS_CA_BUNDLE: {file}: {error.strerror}") from error


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Makes an error of the SDK one that a user can mend."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, message = told(error)
        raise UnableError(f"{what}: refused ({code}): {message}") from error
    except BotoCoreError as error:
        raise UnableError(f"{what}: {error}") from error


def told(error: Any) -> tuple[str, str]:  # noqa: ANN401 - ClientError, whose module is not loaded by then
    """Code and message of an answer that is an error."""
    answer = error.response.get("Error", {})
    return str(answer.get("Code") or ""), str(answer.get("Message") or "")
