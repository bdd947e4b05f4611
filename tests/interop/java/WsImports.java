import com.sun.tools.ws.wscompile.WsimportTool;
import java.io.File;

/**
 * Runs wsimport over several WSDLs, since most of its time is that of a virtual machine that starts.
 *
 * <pre>
 * WsImports DIRECTORY URL ...     the classes go into DIRECTORY/0, DIRECTORY/1, ...
 * </pre>
 *
 * Exits 1 when there is a WSDL that it does not take.
 */
public final class WsImports {
    private WsImports() {
    }

    public static void main(String[] arguments) throws Exception {
        boolean taken = true;
        for (int i = 1; i < arguments.length; i++) {
            File place = new File(arguments[0], String.valueOf(i - 1));
            place.mkdirs();
            System.out.println(arguments[i]);
            String[] options = {"-extension", "-keep", "-quiet", "-d", place.getPath(), arguments[i]};
            taken &= new WsimportTool(System.out).run(options);
        }
        System.exit(taken ? 0 : 1);
    }
}
