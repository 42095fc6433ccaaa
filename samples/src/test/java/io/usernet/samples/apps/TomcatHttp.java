package io.usernet.samples.apps;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/** Tomcat; the system property {@code protocol} names its connector. */
public final class TomcatHttp implements Application {
    // kept: levels are weakly held
    private static final Logger LOG = Logger.getLogger("org.apache"),
            SLOWNESS = Logger.getLogger("org.apache.catalina.util.SessionIdGeneratorBase");

    public static void main(String[] args) throws Exception {
        LOG.setLevel(Level.WARNING);
        SLOWNESS.setLevel(Level.SEVERE); // of the machine
        Program.run(new TomcatHttp(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        Path base = Files.createTempDirectory("tomcat");
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.toString());
        String protocol = System.getProperty("protocol");
        Connector connector = new Connector("org.apache.coyote.http11." + protocol);
        connector.setPort(at.getPort());
        connector.setProperty("address", at.getAddress().getHostAddress());
        connector.setProperty("acceptCount", "1024");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", base.toString());
        Wrapper answers = Tomcat.addServlet(context, "answers", new Answers());
        answers.setAsyncSupported(true);
        answers.addMapping("/*");
        tomcat.start();
        return () -> {
            tomcat.stop();
            tomcat.destroy();
            Directories.delete(base);
        };
    }

    private static final class Answers extends HttpServlet {
        private static final long serialVersionUID = 1;

        private final transient Meeting meeting = new Meeting();

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            String[] path = request.getRequestURI().split("/");
            switch (path[1]) {
                case "small" -> response.getWriter().print(Payload.SMALL);
                case "together" -> {
                    AsyncContext async = request.startAsync();
                    meeting.join(Integer.parseInt(path[2]), () -> answer(async));
                }
                case "up" -> response.getWriter().print(Payload.checksum(request.getInputStream()));
                case "down" -> Payload.write(Integer.parseInt(path[2]), response.getOutputStream());
                default -> response.sendError(404);
            }
        }

        private static void answer(AsyncContext async) {
            try {
                async.getResponse().getWriter().print(Payload.SMALL);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            async.complete();
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new HttpLoad(server);
    }
}
