/* Registers a patient (ITI-44), submits documents (ITI-41), finds them (ITI-18) and retrieves them (ITI-43) through
 * gSOAP, as an application built on it would.
 *
 *   client register URL MESSAGE [option ...]                 MESSAGE holds PRPA_IN201301UV02
 *   client submit URL METADATA ID=DOCUMENT ... [option ...]  METADATA holds lcm:SubmitObjectsRequest; ID is the id of
 *                                                            the ExtrinsicObject that describes the document
 *   client find URL PATIENT [option ...]                     PATIENT is a CX
 *   client retrieve URL REPOSITORY=DOCUMENT FILE [option ...]    the content goes into FILE
 *   options: --chunked  --ca=FILE  --cert=FILE (PEM with certificate and key)
 *
 * Prints the status that was answered (CA, or urn:...:Success), and REPOSITORY=DOCUMENT of each document that was found;
 * exits 0 on success, 1 when the peer refused or sent a fault, 2 when it was called wrongly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop.nsmap"
#include "soapH.h"

#define SUCCESS "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
#define FIND_DOCUMENTS "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
#define APPROVED "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
#define UNIQUE_ID "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
#define MAX_DOCUMENTS 16
#define TIMEOUT_S 60

struct arguments
{
    const char *command, *url, *file, *ca, *cert; /* file: or a patient, or REPOSITORY=DOCUMENT */
    char *documents[MAX_DOCUMENTS];
    int operands, document_count, chunked;
};

static void die(const char *problem, const char *what)
{
    fprintf(stderr, "%s: %s\n", problem, what);
    exit(2);
}

/* The file's bytes with a NUL after them; leading blanks and an XML declaration are for the caller to skip. */
static char *read_file(struct soap *soap, const char *path, int *size)
{
    FILE *stream = fopen(path, "rb");
    long length;
    char *data;
    if (!stream || fseek(stream, 0, SEEK_END) || (length = ftell(stream)) < 0)
        die("cannot read", path);
    rewind(stream);
    data = soap_malloc(soap, (size_t)length + 1);
    if (!data || fread(data, 1, (size_t)length, stream) != (size_t)length)
        die("cannot read", path);
    fclose(stream);
    data[length] = '\0';
    *size = (int)length;
    return data;
}

static char *read_element(struct soap *soap, const char *path)
{
    int size;
    char *data = read_file(soap, path, &size);
    if (!strncmp(data, "<?xml", 5))
        data = strstr(data, "?>") + 2;
    return data;
}

static int registered(struct soap *soap, const struct arguments *given)
{
    struct _hl7__MCCI_USCOREIN000002UV01 answer;
    const char *code;
    if (soap_call___hl7__PatientFeed(soap, given->url, NULL, read_element(soap, given->file), &answer))
        return 0;
    if (!answer.acknowledgement || !answer.acknowledgement->typeCode || !answer.acknowledgement->typeCode->code)
        die("no acknowledgement in the answer from", given->url);
    code = answer.acknowledgement->typeCode->code;
    puts(code);
    return !strcmp(code, "CA") || !strcmp(code, "AA");
}

static int submitted(struct soap *soap, const struct arguments *given)
{
    struct _xdsb__ProvideAndRegisterDocumentSetRequest request;
    struct xdsb__DocumentType documents[MAX_DOCUMENTS];
    struct _rs__RegistryResponse answer;
    int i;
    memset(&request, 0, sizeof request);
    memset(documents, 0, sizeof documents);
    for (i = 0; i < given->document_count; i++)
    {
        char *path = strchr(given->documents[i], '=');
        int size;
        if (!path)
            die("not ID=DOCUMENT", given->documents[i]);
        *path++ = '\0';
        documents[i].id = given->documents[i];
        documents[i].xop__Include.__ptr = (unsigned char *)read_file(soap, path, &size);
        documents[i].xop__Include.__size = size;
        documents[i].xop__Include.type = "application/octet-stream";
    }
    request.__any = read_element(soap, given->file);
    request.__sizeDocument = given->document_count;
    request.Document = documents;
    if (soap_call___xdsb__ProvideAndRegister(soap, given->url, NULL, &request, &answer))
        return 0;
    if (!answer.status)
        die("no status in the answer from", given->url);
    puts(answer.status);
    return !strcmp(answer.status, SUCCESS);
}

static void print_ids(const struct rim__ExtrinsicObject *entry)
{
    const char *repository = "", *document = "";
    int i;
    for (i = 0; i < entry->__sizeSlot; i++)
        if (!strcmp(entry->Slot[i].name, "repositoryUniqueId") && entry->Slot[i].ValueList
            && entry->Slot[i].ValueList->__sizeValue)
            repository = entry->Slot[i].ValueList->Value[0];
    for (i = 0; i < entry->__sizeExternalIdentifier; i++)
        if (!strcmp(entry->ExternalIdentifier[i].identificationScheme, UNIQUE_ID))
            document = entry->ExternalIdentifier[i].value;
    printf("%s=%s\n", repository, document);
}

static int found(struct soap *soap, const struct arguments *given)
{
    struct query__ResponseOption option = {"LeafClass", "true"};
    char *patient = soap_malloc(soap, strlen(given->file) + 3), *approved = APPROVED;
    struct rim__ValueList values[] = {{1, &patient}, {1, &approved}};
    struct rim__Slot slots[]
        = {{"$XDSDocumentEntryPatientId", &values[0]}, {"$XDSDocumentEntryStatus", &values[1]}};
    struct rim__AdhocQuery query = {FIND_DOCUMENTS, 2, slots};
    struct _query__AdhocQueryRequest request = {&option, &query};
    struct _query__AdhocQueryResponse answer;
    int i;
    sprintf(patient, "'%s'", given->file);
    if (soap_call___query__StoredQuery(soap, given->url, NULL, &request, &answer))
        return 0;
    puts(answer.status);
    for (i = 0; answer.rim__RegistryObjectList && i < answer.rim__RegistryObjectList->__sizeExtrinsicObject; i++)
        print_ids(&answer.rim__RegistryObjectList->ExtrinsicObject[i]);
    return !strcmp(answer.status, SUCCESS);
}

static int retrieved(struct soap *soap, const struct arguments *given)
{
    char *repository = soap_strdup(soap, given->file), *document = strchr(repository, '=');
    struct xdsb__DocumentRequest wanted;
    struct _xdsb__RetrieveDocumentSetRequest request = {&wanted};
    struct _xdsb__RetrieveDocumentSetResponse answer;
    const struct _xop__Include *content;
    FILE *stream;
    if (!document || !given->document_count)
        die("not REPOSITORY=DOCUMENT FILE", given->file);
    *document++ = '\0';
    wanted.RepositoryUniqueId = repository;
    wanted.DocumentUniqueId = document;
    if (soap_call___xdsb__Retrieve(soap, given->url, NULL, &request, &answer))
        return 0;
    puts(answer.rs__RegistryResponse ? answer.rs__RegistryResponse->status : "no RegistryResponse");
    if (answer.__sizeDocumentResponse != 1 || !answer.DocumentResponse->Document)
        return 0;
    content = &answer.DocumentResponse->Document->xop__Include;
    stream = fopen(given->documents[0], "wb");
    if (!stream || fwrite(content->__ptr, 1, (size_t)content->__size, stream) != (size_t)content->__size
        || fclose(stream))
        die("cannot write", given->documents[0]);
    return !strcmp(answer.rs__RegistryResponse->status, SUCCESS);
}

static struct arguments parse(int argc, char **argv)
{
    struct arguments given;
    int i;
    memset(&given, 0, sizeof given);
    for (i = 1; i < argc; i++)
    {
        if (!strcmp(argv[i], "--chunked"))
            given.chunked = 1;
        else if (!strncmp(argv[i], "--ca=", 5))
            given.ca = argv[i] + 5;
        else if (!strncmp(argv[i], "--cert=", 7))
            given.cert = argv[i] + 7;
        else if (!strncmp(argv[i], "--", 2))
            die("unknown option", argv[i]);
        else if (++given.operands == 1)
            given.command = argv[i];
        else if (given.operands == 2)
            given.url = argv[i];
        else if (given.operands == 3)
            given.file = argv[i];
        else if (given.document_count < MAX_DOCUMENTS)
            given.documents[given.document_count++] = argv[i];
    }
    if (given.operands < 3)
        die("usage", "client register|submit|find|retrieve URL WHAT ... [option ...]");
    return given;
}

static int run(struct soap *soap, const struct arguments *given)
{
    if (!strcmp(given->command, "register"))
        return registered(soap, given);
    if (!strcmp(given->command, "submit"))
        return submitted(soap, given);
    return strcmp(given->command, "find") ? retrieved(soap, given) : found(soap, given);
}

int main(int argc, char **argv)
{
    struct arguments given = parse(argc, argv);
    struct soap *soap = soap_new1(SOAP_ENC_MTOM | SOAP_C_UTFSTRING | (given.chunked ? SOAP_IO_CHUNK : SOAP_IO_DEFAULT));
    int accepted;
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = TIMEOUT_S;
    if (given.ca
        && soap_ssl_client_context(soap, SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION, given.cert, NULL, given.ca, NULL, NULL))
    {
        soap_print_fault(soap, stderr);
        return 2;
    }
    accepted = run(soap, &given);
    if (soap->error)
        soap_print_fault(soap, stdout);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return accepted ? 0 : 1;
}
