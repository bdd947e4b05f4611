// The two messages as gSOAP sees them; soapcpp2 makes the serialisers and the client stubs from this file.

#import "xop.h"

//gsoap xdsb service name:      interop
//gsoap xdsb service namespace: urn:ihe:iti:xds-b:2007
//gsoap xdsb schema namespace:  urn:ihe:iti:xds-b:2007
//gsoap xdsb schema elementForm: qualified
//gsoap rs   schema namespace:  urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0
//gsoap rs   schema elementForm: qualified
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

//gsoap hl7 service method-style:  PatientFeed document
//gsoap hl7 service method-action: PatientFeed urn:hl7-org:v3:PRPA_IN201301UV02
int __hl7__PatientFeed(
    _XML __message,
    struct _hl7__MCCI_USCOREIN000002UV01 *hl7__MCCI_USCOREIN000002UV01);
