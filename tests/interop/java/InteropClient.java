import java.io.File;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.activation.DataHandler;
import javax.activation.FileDataSource;
import javax.xml.bind.JAXBContext;
import javax.xml.bind.annotation.XmlAccessType;
import javax.xml.bind.annotation.XmlAccessorType;
import javax.xml.bind.annotation.XmlAnyElement;
import javax.xml.bind.annotation.XmlAttribute;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.bind.annotation.XmlMimeType;
import javax.xml.bind.annotation.XmlRootElement;
import javax.xml.bind.annotation.XmlValue;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.Source;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMResult;
import javax.xml.transform.dom.DOMSource;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.Dispatch;
import javax.xml.ws.Service;
import javax.xml.ws.WebServiceFeature;
import javax.xml.ws.soap.AddressingFeature;
import javax.xml.ws.soap.MTOMFeature;
import javax.xml.ws.soap.SOAPBinding;
import javax.xml.ws.soap.SOAPFaultException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Registers a patient (ITI-44), submits documents (ITI-41), finds them (ITI-18) and retrieves them (ITI-43) through
 * JAX-WS RI, as an application built on it would.
 *
 * <pre>
 * InteropClient register URL MESSAGE [option ...]                 MESSAGE holds PRPA_IN201301UV02
 * InteropClient submit URL METADATA ID=DOCUMENT ... [option ...]  METADATA holds lcm:SubmitObjectsRequest; ID is the id
 *                                                                 of the ExtrinsicObject that describes the document
 * InteropClient find URL PATIENT [option ...]                     PATIENT is a CX
 * InteropClient retrieve URL REPOSITORY=DOCUMENT FILE [option ...]    the content goes into FILE
 * options: --soap11  --no-addressing  --no-mtom  --chunked
 * </pre>
 *
 * Prints the status that was answered (CA, or urn:...:Success), and REPOSITORY=DOCUMENT of each document that was found;
 * exits 0 on success, 1 when the peer refused or sent a fault, 2 when it was called wrongly.
 */
public final class InteropClient {
    private static final String RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
    private static final String RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0";
    private static final String QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";
    private static final String XDSB = "urn:ihe:iti:xds-b:2007";
    private static final String HL7 = "urn:hl7-org:v3";
    private static final String FEED = "urn:hl7-org:v3:PRPA_IN201301UV02";
    private static final String PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
    private static final String STORED_QUERY = "urn:ihe:iti:2007:RegistryStoredQuery";
    private static final String RETRIEVE = "urn:ihe:iti:2007:RetrieveDocumentSet";
    private static final String FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d";
    private static final String APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved";
    private static final String UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab";
    private static final String SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success";
    private static final String CHUNK_SIZE = "com.sun.xml.ws.transport.http.client.streaming.chunk.size";
    private static final int CHUNK_BYTES = 8192;
    private static final QName PORT = new QName(XDSB, "Port");

    private final String url;
    private final List<String> options;

    private InteropClient(String url, List<String> options) {
        this.url = url;
        this.options = options;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> operands = new ArrayList<>();
        List<String> options = new ArrayList<>();
        for (String argument : arguments) {
            (argument.startsWith("--") ? options : operands).add(argument);
        }
        if (operands.size() < 3) {
            System.err.println("usage: InteropClient register|submit|find|retrieve URL WHAT ... [option ...]");
            System.exit(2);
        }
        InteropClient client = new InteropClient(operands.get(1), options);
        boolean accepted;
        try {
            accepted = client.run(operands.get(0), operands.get(2), operands.subList(3, operands.size()));
        } catch (SOAPFaultException fault) {
            System.out.println("fault " + fault.getFault().getFaultCode() + ": " + fault.getFault().getFaultString());
            accepted = false;
        }
        System.exit(accepted ? 0 : 1);
    }

    private boolean run(String command, String what, List<String> more) throws Exception {
        switch (command) {
            case "register":
                return register(new File(what));
            case "submit":
                return submit(new File(what), more);
            case "find":
                return find(what);
            default:
                return retrieve(what, new File(more.get(0)));
        }
    }

    /** PIX feed: the message as it stands in the file, through a Dispatch of plain XML. */
    private boolean register(File message) throws Exception {
        Service service = service();
        Dispatch<Source> dispatch = service.createDispatch(PORT, Source.class, Service.Mode.PAYLOAD, features(false));
        configure(dispatch, FEED);
        DOMResult answer = new DOMResult();
        Source reply = dispatch.invoke(new DOMSource(parse(message)));
        TransformerFactory.newInstance().newTransformer().transform(reply, answer);
        Element root = ((Document) answer.getNode()).getDocumentElement();
        String status = ((Element) root.getElementsByTagNameNS(HL7, "typeCode").item(0)).getAttribute("code");
        System.out.println(status);
        return "MCCI_IN000002UV01".equals(root.getLocalName()) && ("CA".equals(status) || "AA".equals(status));
    }

    /** Provide and Register: JAXB classes whose content is a DataHandler, which JAX-WS RI sends as MTOM parts. */
    private boolean submit(File metadata, List<String> documents) throws Exception {
        Request request = new Request();
        request.submitObjectsRequest = parse(metadata).getDocumentElement();
        for (String each : documents) {
            String[] idAndFile = each.split("=", 2);
            DocumentContent document = new DocumentContent();
            document.id = idAndFile[0];
            document.value = new DataHandler(new FileDataSource(idAndFile[1]));
            request.documents.add(document);
        }
        JAXBContext context = JAXBContext.newInstance(Request.class, Response.class);
        boolean mtom = !options.contains("--no-mtom");
        Dispatch<Object> dispatch = service().createDispatch(PORT, context, Service.Mode.PAYLOAD, features(mtom));
        configure(dispatch, PROVIDE);
        Response answer = (Response) dispatch.invoke(request);
        System.out.println(answer.status);
        return SUCCESS.equals(answer.status);
    }

    /** FindDocuments: a message made by hand, through a Dispatch of plain XML. */
    private boolean find(String patient) throws Exception {
        Document message = documents().newDocument();
        Element request = append(message, message, QUERY, "AdhocQueryRequest");
        Element option = append(message, request, QUERY, "ResponseOption");
        option.setAttribute("returnComposedObjects", "true");
        option.setAttribute("returnType", "LeafClass");
        Element query = append(message, request, RIM, "AdhocQuery");
        query.setAttribute("id", FIND_DOCUMENTS);
        parameter(message, query, "$XDSDocumentEntryPatientId", "'" + patient + "'");
        parameter(message, query, "$XDSDocumentEntryStatus", "('" + APPROVED + "')");
        Dispatch<Source> dispatch = service().createDispatch(
            PORT, Source.class, Service.Mode.PAYLOAD, features(false));
        configure(dispatch, STORED_QUERY);
        DOMResult answer = new DOMResult();
        TransformerFactory.newInstance().newTransformer().transform(dispatch.invoke(new DOMSource(message)), answer);
        Element root = ((Document) answer.getNode()).getDocumentElement();
        System.out.println(root.getAttribute("status"));
        NodeList entries = root.getElementsByTagNameNS(RIM, "ExtrinsicObject");
        for (int i = 0; i < entries.getLength(); i++) {
            Element entry = (Element) entries.item(i);
            System.out.println(slot(entry, "repositoryUniqueId") + "=" + identifier(entry, UNIQUE_ID));
        }
        return SUCCESS.equals(root.getAttribute("status"));
    }

    /** Retrieve Document Set: what came as an MTOM part is there as a DataHandler. */
    private boolean retrieve(String repositoryAndDocument, File file) throws Exception {
        String[] ids = repositoryAndDocument.split("=", 2);
        Wanted wanted = new Wanted();
        wanted.repositoryUniqueId = ids[0];
        wanted.documentUniqueId = ids[1];
        RetrieveRequest request = new RetrieveRequest();
        request.documents.add(wanted);
        JAXBContext context = JAXBContext.newInstance(RetrieveRequest.class, RetrieveResponse.class);
        boolean mtom = !options.contains("--no-mtom");
        Dispatch<Object> dispatch = service().createDispatch(PORT, context, Service.Mode.PAYLOAD, features(mtom));
        configure(dispatch, RETRIEVE);
        RetrieveResponse answer = (RetrieveResponse) dispatch.invoke(request);
        System.out.println(answer.registryResponse.status);
        for (Retrieved each : answer.documents) {
            try (OutputStream stream = new FileOutputStream(file)) {
                each.content.writeTo(stream);
            }
        }
        return SUCCESS.equals(answer.registryResponse.status);
    }

    private static Element append(Document document, org.w3c.dom.Node parent, String namespace, String name) {
        Element element = document.createElementNS(namespace, name);
        parent.appendChild(element);
        return element;
    }

    private static void parameter(Document message, Element query, String name, String value) {
        Element slot = append(message, query, RIM, "Slot");
        slot.setAttribute("name", name);
        append(message, append(message, slot, RIM, "ValueList"), RIM, "Value").setTextContent(value);
    }

    private static String slot(Element entry, String name) {
        NodeList slots = entry.getElementsByTagNameNS(RIM, "Slot");
        for (int i = 0; i < slots.getLength(); i++) {
            if (name.equals(((Element) slots.item(i)).getAttribute("name"))) {
                return slots.item(i).getTextContent().trim();
            }
        }
        return "";
    }

    private static String identifier(Element entry, String scheme) {
        NodeList identifiers = entry.getElementsByTagNameNS(RIM, "ExternalIdentifier");
        for (int i = 0; i < identifiers.getLength(); i++) {
            Element identifier = (Element) identifiers.item(i);
            if (scheme.equals(identifier.getAttribute("identificationScheme"))) {
                return identifier.getAttribute("value");
            }
        }
        return "";
    }

    private Service service() {
        Service service = Service.create(new QName(XDSB, "Service"));
        boolean soap11 = options.contains("--soap11");
        service.addPort(PORT, soap11 ? SOAPBinding.SOAP11HTTP_BINDING : SOAPBinding.SOAP12HTTP_BINDING, url);
        return service;
    }

    private WebServiceFeature[] features(boolean mtom) {
        boolean addressing = !options.contains("--no-addressing");
        return new WebServiceFeature[] {new MTOMFeature(mtom), new AddressingFeature(addressing)};
    }

    private void configure(Dispatch<?> dispatch, String action) {
        Map<String, Object> context = dispatch.getRequestContext();
        context.put(BindingProvider.SOAPACTION_USE_PROPERTY, true);
        context.put(BindingProvider.SOAPACTION_URI_PROPERTY, action);
        if (options.contains("--chunked")) {
            context.put(CHUNK_SIZE, CHUNK_BYTES);
        }
    }

    private static Document parse(File file) throws Exception {
        return documents().parse(file);
    }

    private static DocumentBuilder documents() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder();
    }

    /** ITI TF-2: 3.41.4.1, the request. */
    @XmlRootElement(name = "ProvideAndRegisterDocumentSetRequest", namespace = XDSB)
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class Request {
        @XmlAnyElement
        Element submitObjectsRequest;

        @XmlElement(name = "Document", namespace = XDSB)
        List<DocumentContent> documents = new ArrayList<>();
    }

    /** One document of the request; its id is that of the entry that describes it. */
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class DocumentContent {
        @XmlAttribute
        String id;

        @XmlValue
        @XmlMimeType("application/octet-stream")
        DataHandler value;
    }

    /** ITI TF-3: 4.2.4, the response; only its status is looked at. */
    @XmlRootElement(name = "RegistryResponse", namespace = RS)
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class Response {
        @XmlAttribute
        String status;
    }

    /** ITI TF-2: 3.43.4.1, the request. */
    @XmlRootElement(name = "RetrieveDocumentSetRequest", namespace = XDSB)
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class RetrieveRequest {
        @XmlElement(name = "DocumentRequest", namespace = XDSB)
        List<Wanted> documents = new ArrayList<>();
    }

    /** One document that is asked for. */
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class Wanted {
        @XmlElement(name = "RepositoryUniqueId", namespace = XDSB)
        String repositoryUniqueId;

        @XmlElement(name = "DocumentUniqueId", namespace = XDSB)
        String documentUniqueId;
    }

    /** ITI TF-2: 3.43.4.2, the response. */
    @XmlRootElement(name = "RetrieveDocumentSetResponse", namespace = XDSB)
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class RetrieveResponse {
        @XmlElement(name = "RegistryResponse", namespace = RS)
        Response registryResponse;

        @XmlElement(name = "DocumentResponse", namespace = XDSB)
        List<Retrieved> documents = new ArrayList<>();
    }

    /** One document that came back; of its description nothing is looked at. */
    @XmlAccessorType(XmlAccessType.FIELD)
    static final class Retrieved {
        @XmlElement(name = "Document", namespace = XDSB)
        @XmlMimeType("application/octet-stream")
        DataHandler content;
    }
}
