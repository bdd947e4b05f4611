"""The assertion that goes with messages (XUA, ITI TF-2: 3.40), one a message or one for a while."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ihe_test_util.batch.courier import Assertion, no_blocks
from ihe_test_util.client.config import AssertionPer, ClientConfig
from ihe_test_util.client.configured import identity_of
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.security.identity import Identity  # loads cryptography, 0.2 s
    from ihe_test_util.security.saml import AssertionSettings

#: The share of its validity after which the assertion of a run gives way to a new one.
_USED: Final = 0.5


def assertion_for(
    config: ClientConfig, *, clock: Callable[[], datetime], new_uuid: Callable[[], str], per: AssertionPer | None = None
) -> Assertion:
    """What signs the messages of a run, by the configuration; nothing where there is no certificate.

    ``per`` goes before the configuration.

    Raises:
        CertificateError: certificate or key cannot be used, or the certificate has expired.
        BadInput: values that XUA does not allow.
    """
    identity = identity_of(config)
    wanted = per or config.saml.assertion_per
    if identity is None or wanted is AssertionPer.NONE:
        return no_blocks
    settings = config.saml.assertion_settings()
    if wanted is AssertionPer.RUN:
        return _PerRun(identity, settings, clock, new_uuid)
    return _PerMessage(identity, settings, clock, new_uuid, names_patient=config.saml.resource_id)


class _PerMessage:
    """A new assertion for each message, that names the patient and the endpoint."""

    def __init__(
        self,
        identity: "Identity",
        settings: "AssertionSettings",
        clock: Callable[[], datetime],
        new_uuid: Callable[[], str],
        *,
        names_patient: bool,
    ) -> None:
        self._identity = identity
        self._settings = settings
        self._clock = clock
        self._new_uuid = new_uuid
        self._names_patient = names_patient

    def __call__(self, endpoint: Endpoint, patient_id: str) -> Iterable[Element]:
        """The security header of a message."""
        from ihe_test_util.security.saml import Assertion as Saml  # noqa: PLC0415 - loads cryptography, 0.2 s
        from ihe_test_util.security.ws_security import SecurityHeader  # noqa: PLC0415 - same

        now = self._clock()
        about = patient_id if self._names_patient else ""
        settings = replace(self._settings, resource_id=about, recipient=endpoint.address)
        assertion = Saml.issue(settings, self._identity, now, self._new_uuid)
        return (SecurityHeader.build(assertion, now, soap_namespace=endpoint.soap.namespace),)


class _PerRun:
    """One assertion for all messages; a new one when half of its validity has passed."""

    def __init__(
        self,
        identity: "Identity",
        settings: "AssertionSettings",
        clock: Callable[[], datetime],
        new_uuid: Callable[[], str],
    ) -> None:
        self._identity = identity
        self._settings = settings
        self._clock = clock
        self._new_uuid = new_uuid
        self._assertion: Element | None = None
        self._until = clock()

    def __call__(self, endpoint: Endpoint, patient_id: str) -> Iterable[Element]:
        """The security header of a message: its timestamp is its own."""
        from ihe_test_util.security.saml import Assertion as Saml  # noqa: PLC0415 - loads cryptography, 0.2 s
        from ihe_test_util.security.ws_security import SecurityHeader  # noqa: PLC0415 - same

        del patient_id
        now = self._clock()
        if self._assertion is None or now >= self._until:
            self._assertion = Saml.issue(self._settings, self._identity, now, self._new_uuid)
            self._until = now + timedelta(seconds=self._settings.valid_for_s * _USED)
        return (SecurityHeader.build(self._assertion, now, soap_namespace=endpoint.soap.namespace),)
