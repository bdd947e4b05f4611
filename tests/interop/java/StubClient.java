import ihe.iti.xds_b._2007.RetrieveDocumentSetRequest;
import ihe.iti.xds_b._2007.RetrieveDocumentSetResponse;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.namespace.QName;
import javax.xml.ws.soap.MTOMFeature;
import util.test.ihe.wsdl._1.Iti43PortType;
import util.test.ihe.wsdl._1.Iti43Service;

/**
 * Retrieves a document (ITI-43) through the classes that wsimport makes of the server's WSDL.
 *
 * <pre>
 * StubClient URL soap|soap12 REPOSITORY DOCUMENT FILE     the content of the document goes into FILE
 * </pre>
 */
public final class StubClient {
    private StubClient() {
    }

    public static void main(String[] arguments) throws Exception {
        Iti43Service service = new Iti43Service(new URL(arguments[0] + "?wsdl"));
        Iti43PortType port = "soap".equals(arguments[1])
            ? service.getIti43SoapPort(new MTOMFeature())
            : service.getIti43Soap12Port(new MTOMFeature());
        RetrieveDocumentSetRequest.DocumentRequest document = new RetrieveDocumentSetRequest.DocumentRequest();
        document.setRepositoryUniqueId(arguments[2]);
        document.setDocumentUniqueId(arguments[3]);
        RetrieveDocumentSetRequest request = new RetrieveDocumentSetRequest();
        request.getDocumentRequest().add(document);
        RetrieveDocumentSetResponse answer = port.iti43(request);
        List<RetrieveDocumentSetResponse.DocumentResponse> documents = answer.getDocumentResponse();
        System.out.println(answer.getRegistryResponse().getOtherAttributes().get(new QName("status")));
        if (documents.size() != 1) {
            System.exit(1);
        }
        Files.write(Path.of(arguments[4]), documents.get(0).getDocument().getInputStream().readAllBytes());
    }
}
