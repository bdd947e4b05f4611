import java.io.File;
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

/**
 * Registers a patient (ITI-44) or submits documents (ITI-41) through JAX-WS RI, as an application built on it would.
 *
 * <pre>
 * InteropClient register URL MESSAGE [option ...]                 MESSAGE holds PRPA_IN201301UV02
 * InteropClient submit URL METADATA ID=DOCUMENT ... [option ...]  METADATA holds lcm:SubmitObjectsRequest; ID is the id
 *                                                                 of the ExtrinsicObject that describes the document
 * options: --soap11  --no-addressing  --no-mtom  --chunked
 * </pre>
 *
 * Prints the status that was answered (CA, or urn:...:Success); exits 0 on success, 1 when the peer refused or sent a
 * fault, 2 when it was called wrongly.
 */
public final class InteropClient {
    private static final String RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
    private static final String XDSB = "urn:ihe:iti:xds-b:2007";
    private static final String HL7 = "urn:hl7-org:v3";
    private static final String FEED = "urn:hl7-org:v3:PRPA_IN201301UV02";
    private static final String PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
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
            System.err.println("usage: InteropClient register|submit URL FILE [ID=DOCUMENT ...] [option ...]");
            System.exit(2);
        }
        InteropClient client = new InteropClient(operands.get(1), options);
        boolean accepted;
        try {
            accepted = "register".equals(operands.get(0))
                ? client.register(new File(operands.get(2)))
                : client.submit(new File(operands.get(2)), operands.subList(3, operands.size()));
        } catch (SOAPFaultException fault) {
            System.out.println("fault " + fault.getFault().getFaultCode() + ": " + fault.getFault().getFaultString());
            accepted = false;
        }
        System.exit(accepted ? 0 : 1);
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
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(file);
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
}
