// The messages as gSOAP sees them; soapcpp2 makes the serialisers and the client stubs from this file.

#import "xop.h"

//gsoap xdsb service name:      interop
//gsoap xdsb service namespace: urn:ihe:iti:xds-b:2007
//gsoap xdsb schema namespace:  urn:ihe:iti:xds-b:2007
//gsoap xdsb schema elementForm: qualified
//gsoap rs   schema namespace:  urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0
//gsoap rs   schema elementForm: qualified
//gsoap rim  schema namespace:  urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0
//gsoap rim  schema elementForm: qualified
//gsoap query schema namespace: urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0
//gsoap query schema elementForm: qualified
//gsoap hl7  schema namespace:  urn:hl7-org:v3
//gsoap hl7  schema elementForm: qualified

// The content of one document; with the MTOM flag set, gSOAP sends it as a part and puts xop:Include here.
struct xdsb__DocumentType
{
    _xop__Include xop__Include 1:1;
    @char *id 1:1;
};

struct _xdsb__ProvideAndRegisterDocumentSetRequest
{
    _XML __any; // lcm:SubmitObjectsRequest, as it is
    int __sizeDocument;
    struct xdsb__DocumentType *Document;
};

struct _rs__RegistryResponse
{
    @char *status 1:1;
};

struct rim__ValueList
{
    int __sizeValue;
    char **Value;
};

struct rim__Slot
{
    @char *name 1:1;
    struct rim__ValueList *ValueList;
};

struct rim__ExternalIdentifier
{
    @char *identificationScheme;
    @char *value;
};

struct rim__ExtrinsicObject
{
    int __sizeSlot;
    struct rim__Slot *Slot;
    int __sizeExternalIdentifier;
    struct rim__ExternalIdentifier *ExternalIdentifier;
};

struct rim__RegistryObjectList
{
    int __sizeExtrinsicObject;
    struct rim__ExtrinsicObject *ExtrinsicObject;
};

struct rim__AdhocQuery
{
    @char *id 1:1;
    int __sizeSlot;
    struct rim__Slot *Slot;
};

struct query__ResponseOption
{
    @char *returnType;
    @char *returnComposedObjects;
};

struct _query__AdhocQueryRequest
{
    struct query__ResponseOption *ResponseOption;
    struct rim__AdhocQuery *rim__AdhocQuery;
};

struct _query__AdhocQueryResponse
{
    @char *status 1:1;
    struct rim__RegistryObjectList *rim__RegistryObjectList;
};

struct xdsb__DocumentRequest
{
    char *RepositoryUniqueId;
    char *DocumentUniqueId;
};

struct _xdsb__RetrieveDocumentSetRequest
{
    struct xdsb__DocumentRequest *DocumentRequest;
};

// What came as a part of the package; without one there is nothing here.
struct xdsb__Content
{
    _xop__Include xop__Include 1:1;
};

struct xdsb__DocumentResponse
{
    char *RepositoryUniqueId;
    char *DocumentUniqueId;
    char *mimeType;
    struct xdsb__Content *Document;
};

struct _xdsb__RetrieveDocumentSetResponse
{
    struct _rs__RegistryResponse *rs__RegistryResponse;
    int __sizeDocumentResponse;
    struct xdsb__DocumentResponse *DocumentResponse;
};

struct hl7__Code
{
    @char *code;
};

struct hl7__Acknowledgement
{
    struct hl7__Code *typeCode;
};

struct _hl7__MCCI_USCOREIN000002UV01
{
    struct hl7__Acknowledgement *acknowledgement;
};

//gsoap xdsb service method-protocol: ProvideAndRegister SOAP
//gsoap xdsb service method-style:    ProvideAndRegister document
//gsoap xdsb service method-action:   ProvideAndRegister urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b
int __xdsb__ProvideAndRegister(
    struct _xdsb__ProvideAndRegisterDocumentSetRequest *xdsb__ProvideAndRegisterDocumentSetRequest,
    struct _rs__RegistryResponse *rs__RegistryResponse);

//gsoap query service method-style:  StoredQuery document
//gsoap query service method-action: StoredQuery urn:ihe:iti:2007:RegistryStoredQuery
int __query__StoredQuery(
    struct _query__AdhocQueryRequest *query__AdhocQueryRequest,
    struct _query__AdhocQueryResponse *query__AdhocQueryResponse);

//gsoap xdsb service method-protocol: Retrieve SOAP
//gsoap xdsb service method-style:    Retrieve document
//gsoap xdsb service method-action:   Retrieve urn:ihe:iti:2007:RetrieveDocumentSet
int __xdsb__Retrieve(
    struct _xdsb__RetrieveDocumentSetRequest *xdsb__RetrieveDocumentSetRequest,
    struct _xdsb__RetrieveDocumentSetResponse *xdsb__RetrieveDocumentSetResponse);

//gsoap hl7 service method-style:  PatientFeed document
//gsoap hl7 service method-action: PatientFeed urn:hl7-org:v3:PRPA_IN201301UV02
int __hl7__PatientFeed(
    _XML __message,
    struct _hl7__MCCI_USCOREIN000002UV01 *hl7__MCCI_USCOREIN000002UV01);
