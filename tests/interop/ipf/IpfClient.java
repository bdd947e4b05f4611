import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.activation.DataHandler;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openehealth.ipf.commons.ihe.hl7v3.Hl7v3ClientFactory;
import org.openehealth.ipf.commons.ihe.hl7v3.Hl7v3WsTransactionConfiguration;
import org.openehealth.ipf.commons.ihe.hl7v3.PDQV3;
import org.openehealth.ipf.commons.ihe.hl7v3.PIXV3;
import org.openehealth.ipf.commons.ihe.hl7v3.iti44.Iti44PixPortType;
import org.openehealth.ipf.commons.ihe.hl7v3.iti45.Iti45PortType;
import org.openehealth.ipf.commons.ihe.hl7v3.iti47.Iti47PortType;
import org.openehealth.ipf.commons.ihe.ws.JaxWsRequestClientFactory;
import org.openehealth.ipf.commons.ihe.ws.WsTransactionConfiguration;
import org.openehealth.ipf.commons.ihe.xds.XDS;
import org.openehealth.ipf.commons.ihe.xds.core.audit.XdsAuditDataset;
import org.openehealth.ipf.commons.ihe.xds.core.ebxml.ebxml30.EbXMLFactory30;
import org.openehealth.ipf.commons.ihe.xds.core.ebxml.ebxml30.EbXMLQueryResponse30;
import org.openehealth.ipf.commons.ihe.xds.core.ebxml.ebxml30.EbXMLRegistryResponse30;
import org.openehealth.ipf.commons.ihe.xds.core.ebxml.ebxml30.EbXMLRetrieveDocumentSetResponse30;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssigningAuthority;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Association;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssociationType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Code;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Document;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntry;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntryType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Identifiable;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.LocalizedString;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.SubmissionSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.DocumentReference;
import org.openehealth.ipf.commons.ihe.xds.core.requests.QueryRegistry;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RetrieveDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.builder.ProvideAndRegisterDocumentSetBuilder;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.FindDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.GetDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.Query;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.QueryReturnType;
import org.openehealth.ipf.commons.ihe.xds.core.responses.QueryResponse;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Response;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocument;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.transform.requests.ProvideAndRegisterDocumentSetTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.transform.requests.QueryRegistryTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.transform.requests.RetrieveDocumentSetRequestTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.transform.responses.QueryResponseTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.transform.responses.ResponseTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.transform.responses.RetrieveDocumentSetResponseTransformer;
import org.openehealth.ipf.commons.ihe.xds.core.validate.responses.QueryResponseValidator;
import org.openehealth.ipf.commons.ihe.xds.core.validate.responses.RegistryResponseValidator;
import org.openehealth.ipf.commons.ihe.xds.core.validate.responses.RetrieveDocumentSetResponseValidator;
import org.openehealth.ipf.commons.ihe.xds.iti18.Iti18PortType;
import org.openehealth.ipf.commons.ihe.xds.iti41.Iti41PortType;
import org.openehealth.ipf.commons.ihe.xds.iti43.Iti43PortType;
import org.openehealth.ipf.commons.xml.CombinedXmlValidationProfile;
import org.openehealth.ipf.commons.xml.CombinedXmlValidator;

/**
 * A life of patients and documents through IPF's clients, as an application built on them would live it.
 *
 * <pre>
 * IpfClient patients URL DIRECTORY                each *.OPERATION.xml of the directory is sent, in the order of the
 *                                                 names; OPERATION: add revise merge pix-query pdq continue cancel;
 *                                                 the answer is written beside it, as *.answer
 * IpfClient documents URL PATIENT FIRST SECOND    submits FIRST for PATIENT (CX), finds it, gets it, replaces it by
 *                                                 SECOND, finds again; what is retrieved is written to FILE.retrieved
 * </pre>
 *
 * Prints a JSON object for each step, with what IPF's own validator of the answer objects to as "invalid"; exits 1 when
 * a step ends in an exception, which then is its "exception".
 */
public final class IpfClient {
    private static final EbXMLFactory30 FACTORY = new EbXMLFactory30();
    private static final String LOINC = "2.16.840.1.113883.6.1";
    private static final String SNOMED = "2.16.840.1.113883.6.96";

    private final String url;
    private final PrintStream out;

    private IpfClient(String url, PrintStream out) {
        this.url = url;
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        IpfClient client = new IpfClient(arguments[1], out);
        try {
            if ("patients".equals(arguments[0])) {
                client.patients(Path.of(arguments[2]));
            } else {
                client.documents(arguments[2], Path.of(arguments[3]), Path.of(arguments[4]));
            }
        } catch (RuntimeException exception) {
            exception.printStackTrace();
            client.tell("exception", Map.of("exception", exception.toString()));
            System.exit(1);
        }
        System.exit(0); // CXF's threads may outlive the work
    }

    private void patients(Path directory) throws Exception {
        List<Path> messages;
        try (Stream<Path> files = Files.list(directory)) {
            messages = files.filter(file -> file.toString().endsWith(".xml")).sorted().collect(Collectors.toList());
        }
        Map<String, Function<String, String>> operations = operations();
        for (Path message : messages) {
            String[] name = message.getFileName().toString().split("\\.");
            String operation = name[name.length - 2];
            String answer = operations.get(operation).apply(Files.readString(message));
            Files.writeString(Path.of(message + ".answer"), answer);
            Map<String, Object> told = new LinkedHashMap<>();
            judge(told, () -> new CombinedXmlValidator().validate(answer, profile(operation)));
            tell(operation, told);
        }
    }

    private Map<String, Function<String, String>> operations() {
        Iti44PixPortType feed = hl7v3(PIXV3.Interactions.ITI_44_PIX.getWsTransactionConfiguration(), "/pix/add");
        Iti45PortType pix = hl7v3(PIXV3.Interactions.ITI_45.getWsTransactionConfiguration(), "/pix/query");
        Iti47PortType pdq = hl7v3(PDQV3.Interactions.ITI_47.getWsTransactionConfiguration(), "/pdq");
        return Map.of(
            "add", feed::recordAdded,
            "revise", feed::recordRevised,
            "merge", feed::duplicatesResolved,
            "pix-query", pix::getIdentifiers,
            "pdq", pdq::operation,
            "continue", pdq::continuation,
            "cancel", pdq::cancel);
    }

    private static CombinedXmlValidationProfile profile(String operation) {
        Hl7v3WsTransactionConfiguration transaction = switch (operation) {
            case "pix-query" -> PIXV3.Interactions.ITI_45.getWsTransactionConfiguration();
            case "pdq", "continue", "cancel" -> PDQV3.Interactions.ITI_47.getWsTransactionConfiguration();
            default -> PIXV3.Interactions.ITI_44_PIX.getWsTransactionConfiguration();
        };
        return transaction.getResponseValidationProfile();
    }

    private void documents(String patient, Path first, Path second) throws Exception {
        Identifiable identifier = patient(patient);
        DocumentEntry original = entry(identifier, "First");
        tell("provide", provide(identifier, original, first, null));
        DocumentEntry found = find(identifier);
        tell("get", get(found.getUniqueId()));
        retrieve(found.getRepositoryUniqueId(), found.getUniqueId(), first);
        DocumentEntry replacement = entry(identifier, "Second");
        tell("replace", provide(identifier, replacement, second, found.getEntryUuid()));
        DocumentEntry current = find(identifier);
        tell("get", get(found.getUniqueId()));
        retrieve(current.getRepositoryUniqueId(), current.getUniqueId(), second);
        retrieve(found.getRepositoryUniqueId(), "2.999.404", null);
        Identifiable nobody = new Identifiable("NOBODY", identifier.getAssigningAuthority());
        tell("provide", provide(nobody, entry(nobody, "Nobody's"), first, null));
    }

    private Map<String, Object> provide(Identifiable patient, DocumentEntry entry, Path content, String replaced)
            throws Exception {
        SubmissionSet set = new SubmissionSet();
        set.assignEntryUuid();
        set.setUniqueId(newOid());
        set.setPatientId(patient);
        set.setSourceId("2.999.7.3");
        set.setSubmissionTime("20260314150926");
        set.setContentTypeCode(code("34133-9", LOINC, "Summarization of Episode Note"));
        set.setTitle(new LocalizedString("Submission", "en", "UTF-8"));
        DataHandler handler = new DataHandler(
            new ByteArrayDataSource(Files.readAllBytes(content), "application/octet-stream"));
        ProvideAndRegisterDocumentSetBuilder builder = new ProvideAndRegisterDocumentSetBuilder(true, set);
        builder.withDocument(new Document(entry, handler));
        if (replaced != null) {
            builder.withAssociation(new Association(
                AssociationType.REPLACE, "urn:uuid:" + UUID.randomUUID(), entry.getEntryUuid(), replaced));
        }
        var request = new ProvideAndRegisterDocumentSetTransformer(FACTORY).toEbXML(builder.build());
        Iti41PortType port = xds(XDS.Interactions.ITI_41, "/iti41/submit");
        var answer = new EbXMLRegistryResponse30(
            port.documentRepositoryProvideAndRegisterDocumentSetB(request.getInternal()));
        Response response = new ResponseTransformer(FACTORY).fromEbXML(answer);
        Map<String, Object> told = outcome(response);
        judge(told, () -> RegistryResponseValidator.getInstance().validate(answer, XDS.Interactions.ITI_41));
        return told;
    }

    private DocumentEntry find(Identifiable patient) throws Exception {
        FindDocumentsQuery query = new FindDocumentsQuery();
        query.setPatientId(patient);
        query.setStatus(List.of(AvailabilityStatus.APPROVED));
        query.setDocumentEntryTypes(List.of(DocumentEntryType.STABLE));
        Map<String, Object> told = new LinkedHashMap<>();
        QueryResponse response = query(query, told);
        tell("find", told);
        return response.getDocumentEntries().get(0);
    }

    private Map<String, Object> get(String uniqueId) throws Exception {
        GetDocumentsQuery query = new GetDocumentsQuery();
        query.setUniqueIds(List.of(uniqueId));
        Map<String, Object> told = new LinkedHashMap<>();
        query(query, told);
        return told;
    }

    private QueryResponse query(Query query, Map<String, Object> told) {
        Iti18PortType port = xds(XDS.Interactions.ITI_18, "/iti18/query");
        var request = new QueryRegistryTransformer().toEbXML(new QueryRegistry(query, QueryReturnType.LEAF_CLASS));
        var answer = new EbXMLQueryResponse30(port.documentRegistryRegistryStoredQuery(request.getInternal()));
        QueryResponse response = new QueryResponseTransformer(FACTORY).fromEbXML(answer);
        told.putAll(outcome(response));
        told.put("entries", response.getDocumentEntries().stream().map(IpfClient::told).toList());
        judge(told, () -> QueryResponseValidator.getInstance().validate(answer, XDS.Interactions.ITI_18));
        return response;
    }

    private void retrieve(String repository, String document, Path like) throws Exception {
        RetrieveDocumentSet wanted = new RetrieveDocumentSet();
        wanted.getDocuments().add(new DocumentReference(repository, document, null));
        var request = new RetrieveDocumentSetRequestTransformer(FACTORY).toEbXML(wanted);
        Iti43PortType port = xds(XDS.Interactions.ITI_43, "/iti43/retrieve");
        var answer = new EbXMLRetrieveDocumentSetResponse30(
            port.documentRepositoryRetrieveDocumentSet(request.getInternal()));
        RetrievedDocumentSet response = new RetrieveDocumentSetResponseTransformer(FACTORY).fromEbXML(answer);
        Map<String, Object> told = outcome(response);
        judge(told, () -> RetrieveDocumentSetResponseValidator.getInstance().validate(answer, XDS.Interactions.ITI_43));
        for (RetrievedDocument each : response.getDocuments()) {
            told.put("document", each.getRequestData().getDocumentUniqueId());
            told.put("mimeType", each.getMimeType());
            Files.write(Path.of(like + ".retrieved"), each.getDataHandler().getInputStream().readAllBytes());
        }
        tell("retrieve", told);
    }

    private static DocumentEntry entry(Identifiable patient, String title) {
        DocumentEntry entry = new DocumentEntry();
        entry.assignEntryUuid();
        entry.setUniqueId(newOid());
        entry.setPatientId(patient);
        entry.setSourcePatientId(patient);
        entry.setTitle(new LocalizedString(title, "en", "UTF-8"));
        entry.setCreationTime("20260314150926");
        entry.setLanguageCode("en");
        entry.setMimeType("application/octet-stream");
        entry.setType(DocumentEntryType.STABLE);
        entry.setClassCode(code("34133-9", LOINC, "Summarization of Episode Note"));
        entry.setTypeCode(code("34133-9", LOINC, "Summarization of Episode Note"));
        entry.getConfidentialityCodes().add(code("N", "2.16.840.1.113883.5.25", "normal"));
        entry.setFormatCode(
            code("urn:ihe:iti:xds:2017:mimeTypeSufficient", "1.3.6.1.4.1.19376.1.2.3", "mimeType sufficient"));
        entry.setHealthcareFacilityTypeCode(code("OUTPAT", "2.999.7.20", "Outpatient"));
        entry.setPracticeSettingCode(code("394802001", SNOMED, "General medicine"));
        return entry;
    }

    private static Map<String, Object> told(DocumentEntry entry) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("title", entry.getTitle().getValue());
        told.put("status", String.valueOf(entry.getAvailabilityStatus()));
        told.put("uniqueId", entry.getUniqueId());
        told.put("patientId", text(entry.getPatientId()));
        told.put("size", entry.getSize());
        told.put("hash", entry.getHash());
        told.put("repositoryUniqueId", entry.getRepositoryUniqueId());
        return told;
    }

    private static Identifiable patient(String cx) {
        String[] idAndOid = cx.split("\\^\\^\\^&|&ISO");
        return new Identifiable(idAndOid[0], new AssigningAuthority(idAndOid[1]));
    }

    private static String text(Identifiable patient) {
        return patient.getId() + "^^^&" + patient.getAssigningAuthority().getUniversalId() + "&ISO";
    }

    private static Map<String, Object> outcome(Response response) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("status", String.valueOf(response.getStatus()));
        told.put("errors", response.getErrors().stream()
            .map(error -> error.getErrorCode() + ": " + error.getCodeContext()).toList());
        return told;
    }

    private static void judge(Map<String, Object> told, Runnable validation) {
        try {
            validation.run();
        } catch (RuntimeException exception) {
            told.put("invalid", exception.toString());
        }
    }

    @SuppressWarnings("unchecked")
    private <P> P hl7v3(Hl7v3WsTransactionConfiguration transaction, String path) {
        return (P) new Hl7v3ClientFactory(transaction, url + path, null, null, null, null, null, null, null, null)
            .getClient();
    }

    @SuppressWarnings("unchecked")
    private <P> P xds(XDS.Interactions transaction, String path) {
        WsTransactionConfiguration<XdsAuditDataset> configuration =
            (WsTransactionConfiguration<XdsAuditDataset>) transaction.getWsTransactionConfiguration();
        return (P) new JaxWsRequestClientFactory<>(
            configuration, url + path, null, null, null, null, null, null, null, null).getClient();
    }

    private static Code code(String code, String scheme, String name) {
        return new Code(code, new LocalizedString(name, "en", "UTF-8"), scheme);
    }

    private static String newOid() {
        return "2.25." + new BigInteger(UUID.randomUUID().toString().replace("-", ""), 16);
    }

    private void tell(String step, Map<String, Object> what) throws Exception {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("step", step);
        told.putAll(what);
        out.println(new ObjectMapper().writeValueAsString(told));
    }
}
