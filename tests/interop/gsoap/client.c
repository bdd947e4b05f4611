/* Registers a patient (ITI-44) or submits documents (ITI-41) through gSOAP, as an application built on it would.
 *
 *   client register URL MESSAGE [option ...]                 MESSAGE holds PRPA_IN201301UV02
 *   client submit URL METADATA ID=DOCUMENT ... [option ...]  METADATA holds lcm:SubmitObjectsRequest; ID is the id of
 *                                                            the ExtrinsicObject that describes the document
 *   options: --chunked  --ca=FILE  --cert=FILE (PEM with certificate and key)
 *
 * Prints the status that was answered (CA, or urn:...:Success); exits 0 on success, 1 when the peer refused or sent a
 * fault, 2 when it was called wrongly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop.nsmap"
#include "soapH.h"

#define SUCCESS "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
#define MAX_DOCUMENTS 16
#define TIMEOUT_S 60

struct arguments
{
    const char *command, *url, *file, *ca, *cert;
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
        die("usage", "client register|submit URL FILE [ID=DOCUMENT ...] [option ...]");
    return given;
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
    accepted = strcmp(given.command, "submit") ? registered(soap, &given) : submitted(soap, &given);
    if (soap->error)
        soap_print_fault(soap, stdout);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return accepted ? 0 : 1;
}
