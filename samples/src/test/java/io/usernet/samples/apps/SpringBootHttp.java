package io.usernet.samples.apps;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;

/** Spring Boot with Spring MVC, on the Tomcat that it brings. */
public final class SpringBootHttp implements Application {
    public static void main(String[] args) throws Exception {
        Program.run(new SpringBootHttp(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) {
        SpringApplication application = new SpringApplication(Answers.class);
        application.setDefaultProperties(
                Map.of(
                        "server.address",
                        at.getAddress().getHostAddress(),
                        "server.port",
                        at.getPort(),
                        "server.tomcat.accept-count",
                        1024,
                        "spring.main.banner-mode",
                        "off",
                        "logging.level.root",
                        "warn",
                        // it warns where the machine is slow
                        "logging.level.org.apache.catalina.util.SessionIdGeneratorBase",
                        "error"));
        return application.run();
    }

    @RestController
    @EnableAutoConfiguration
    static class Answers {
        private final Meeting meeting = new Meeting();

        @GetMapping("/small")
        String small() {
            return Payload.SMALL;
        }

        @GetMapping("/together/{connections}")
        DeferredResult<String> together(@PathVariable("connections") int connections) {
            DeferredResult<String> answer = new DeferredResult<>();
            meeting.join(connections, () -> answer.setResult(Payload.SMALL));
            return answer;
        }

        @PostMapping("/up")
        String upload(InputStream in) throws IOException {
            return "" + Payload.checksum(in);
        }

        @GetMapping("/down/{bytes}")
        void download(@PathVariable("bytes") int bytes, OutputStream out) throws IOException {
            Payload.write(bytes, out);
        }
    }

    @Override
    public Client connect(InetSocketAddress server) {
        return new HttpLoad(server);
    }
}
