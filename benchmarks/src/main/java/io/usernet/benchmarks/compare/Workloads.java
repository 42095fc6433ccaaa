package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Set;

/**
 * The measured program: plain {@code java.nio}, on whatever provider the JVM has. Prints
 * {@code listening PORT} as a server, and {@code result WORKLOAD METRIC VALUE} as a client; ends with
 * status 0 if all went well.
 *
 * <pre>
 *   --role=loopback|server|client   loopback (the default) is both in one JVM
 *   --address=ADDRESS               the server's: to bind, or to connect to
 *   --port=PORT                     0, which the server may have: any
 *   --only=WORKLOAD,...  --seconds=N  --warmup=MILLISECONDS  --connections=N
 *   --with-parent                   end when standard input does
 * </pre>
 */
public final class Workloads {
    private static final String OPTIONS =
            "--role, --address, --port, --only, --seconds, --warmup, --connections, --with-parent";
    static final String LISTENING = "listening ";
    static final String RESULT = "result ";
    static final int DEFAULT_CONNECTIONS = 64;

    private Workloads() {}

    public static void main(String[] args) throws IOException {
        try {
            run(new Arguments(args));
        } catch (UsageException e) {
            System.err.println("Workloads: " + e.getMessage());
            System.exit(2);
        } catch (Throwable t) {
            t.printStackTrace();
            System.exit(1); // whatever other threads do
        }
    }

    private static void run(Arguments arguments) throws UsageException, IOException {
        String role = arguments.one("--role", "loopback");
        String host = arguments.one("--address", "127.0.0.1");
        int port = arguments.number("--port", 0, 0, 65535);
        Set<Workload> workloads = Workload.parse(arguments.one("--only", Workload.ids()));
        long measureNs = arguments.number("--seconds", 2, 1, 3600) * 1_000_000_000L;
        long warmupNs = arguments.number("--warmup", 1000, 0, 3_600_000) * 1_000_000L;
        int connections = arguments.number("--connections", DEFAULT_CONNECTIONS, 1, 10_000);
        if (arguments.flag("--with-parent")) Child.endWithParent();
        arguments.end(OPTIONS);

        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), port);
        switch (role) {
            case "server" -> serve(address);
            case "client" -> {
                if (port == 0) throw new UsageException("--role=client needs --port");
                measure(new WorkloadClient(address, connections, warmupNs, measureNs), workloads);
            }
            case "loopback" -> {
                InetSocketAddress bound = serve(address);
                measure(new WorkloadClient(bound, connections, warmupNs, measureNs), workloads);
                System.exit(0);
            }
            default ->
                    throw new UsageException("--role=" + role + ": not loopback, server or client");
        }
    }

    private static InetSocketAddress serve(InetSocketAddress address) throws IOException {
        WorkloadServer server = new WorkloadServer(address);
        server.start();
        System.out.println(LISTENING + server.address().getPort());
        return server.address();
    }

    private static void measure(WorkloadClient client, Set<Workload> workloads) throws IOException {
        for (Workload workload : workloads) {
            Meter meter = client.run(workload);
            for (Workload.Metric metric : workload.metrics) {
                System.out.println(
                        RESULT
                                + String.format(
                                        Locale.ROOT,
                                        "%s %s %.6g",
                                        workload.id,
                                        metric.id,
                                        meter.value(metric)));
            }
        }
    }
}
