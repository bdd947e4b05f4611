"""From configured metadata to what documents and submissions are made of."""

from ihe_test_util.client.config import ClientConfig, Metadata
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.domain.xds.datatypes import is_xcn, is_xon
from ihe_test_util.domain.xds.metadata import Author, Code
from ihe_test_util.domain.xds.writing import EPISODE_SUMMARY
from ihe_test_util.transactions.iti41 import C_CDA_SUMMARY


def test_the_defaults_are_those_of_documents_and_submissions() -> None:
    """Stated once, in their own rooms."""
    metadata = Metadata()

    assert metadata.codes == C_CDA_SUMMARY
    assert metadata.content_type_code.value == EPISODE_SUMMARY
    assert metadata.document_settings == DocumentSettings()


def test_codes_are_replaced_one_by_one() -> None:
    """What is not named stays."""
    metadata = Metadata.model_validate(
        {
            "class_code": {"code": "REPORTS", "scheme": "2.999.1", "display": "Reports"},
            "confidentiality_codes": [
                {"code": "X", "scheme": "2.999.2"},
                {"code": "R", "scheme": "2.16.840.1.113883.5.25"},
            ],
        }
    )

    assert metadata.codes.class_code == Code("REPORTS", "2.999.1", "Reports")
    assert metadata.codes.type_code == C_CDA_SUMMARY.type_code
    assert [code.code for code in metadata.codes.confidentiality_codes] == ["X", "R"]
    assert metadata.document_settings.confidentiality == "R"


def test_the_author_is_the_same_in_document_and_metadata() -> None:
    """As CDA has it, and as XCN and XON."""
    metadata = Metadata.model_validate(
        {
            "author": {"id": "7", "id_oid": "2.999.3", "first_name": "Ada", "last_name": "Marsh", "role": "Attending"},
            "organization": {"oid": "2.999.4", "name": "Clinic"},
        }
    )

    assert metadata.xds_author == Author(
        "7^Marsh^Ada^^^Dr.^^^&2.999.3&ISO", ("Clinic^^^^^^^^^2.999.4",), ("Attending",)
    )
    assert metadata.document_settings.author.last_name == "Marsh"
    assert metadata.document_settings.organization.oid == "2.999.4"


def test_authors_are_valid_with_and_without_an_id() -> None:
    """XCN and XON of ITI TF-3: 4.2.3.1.7."""
    for author in (Metadata().xds_author, Metadata.model_validate({"author": {"id": "", "prefix": ""}}).xds_author):
        assert is_xcn(author.person)
        assert all(is_xon(each) for each in author.institutions)


def test_documents_of_others_have_an_author_only_where_one_is_configured() -> None:
    """The invented default is for documents that are made here."""
    assert Metadata().given_authors == ()
    assert len(Metadata.model_validate({"author": {"last_name": "Marsh"}}).given_authors) == 1


def test_medical_record_numbers_are_the_organizations_unless_said_otherwise() -> None:
    """Its OID with .1."""
    assert ClientConfig().mrn_oid == "2.999.10.1"
    assert ClientConfig.model_validate({"identifiers": {"mrn_oid": "2.999.5"}}).mrn_oid == "2.999.5"
