package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A server JVM, and a client JVM on the kernel's stack: the same client whatever the server. Our
 * server has a TAP device; the JDK's is in a network namespace of its own, at the end of a veth pair.
 */
final class TapRunner implements Compare.Runner {
    private static final String TAP_HOST = "10.0.0.1/24";
    private static final String TAP_SERVER = "10.0.0.2";
    private static final String VETH_HOST = "10.0.1.1/24";
    private static final String VETH_SERVER = "10.0.1.2";
    private static final long STARTED_WITHIN_SECONDS = 20;

    private final Settings settings;
    private final Variant client = new Variant("client", false, List.of());
    private int pairs;

    /** In a network namespace which is ours alone. */
    TapRunner(Settings settings) throws IOException, InterruptedException {
        this.settings = settings;
        Child.run("ip", "link", "set", "lo", "up");
    }

    @Override
    public String describe(Variant variant) {
        return variant.ours()
                ? "server on a TAP device, client on the kernel's stack"
                : "server in another namespace, over veth; client on the kernel's stack";
    }

    @Override
    public List<String> run(Variant variant) throws IOException, InterruptedException {
        return variant.ours() ? overTap(variant) : overVeth(variant);
    }

    private List<String> overTap(Variant variant) throws IOException, InterruptedException {
        List<String> link =
                List.of(
                        "-Dusernet.link=tap:usernet0?host=" + TAP_HOST,
                        "-Dusernet.address=" + TAP_SERVER + "/24");
        List<String> arguments = List.of("--role=server", "--address=" + TAP_SERVER);
        try (Child server = Child.start("server on TAP", variant.command(link, arguments))) {
            return measure(server, TAP_SERVER, port(server));
        }
    }

    private List<String> overVeth(Variant variant) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Namespace.UNSHARE);
        command.addAll(variant.command(List.of(), List.of("--role=server", "--address=0.0.0.0")));
        try (Child server = Child.start("server over veth", command)) {
            String port = port(server); // so its namespace is there
            String pid = Long.toString(server.pid());
            // The kernel removes a pair some time after its namespace: the next has another name.
            String near = "veth" + pairs++;
            Child.run(
                    "ip", "link", "add", near, "type", "veth", "peer", "name", "server", "netns",
                    pid);
            up(near, VETH_HOST);
            up("server", VETH_SERVER + "/24", "nsenter", "--target", pid, "--net");
            List<String> results = measure(server, VETH_SERVER, port);
            Child.run("ip", "link", "delete", near);
            return results;
        }
    }

    private static void up(String device, String address, String... within)
            throws IOException, InterruptedException {
        Child.run(concat(within, "ip", "address", "add", address, "dev", device));
        Child.run(concat(within, "ip", "link", "set", device, "up"));
    }

    private static String[] concat(String[] prefix, String... rest) {
        List<String> all = new ArrayList<>(List.of(prefix));
        all.addAll(List.of(rest));
        return all.toArray(String[]::new);
    }

    private static String port(Child server) throws IOException, InterruptedException {
        return server.next(Workloads.LISTENING, STARTED_WITHIN_SECONDS);
    }

    private List<String> measure(Child server, String address, String port)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(settings.workloadArguments());
        arguments.addAll(List.of("--role=client", "--address=" + address, "--port=" + port));
        List<String> command = client.command(List.of(), arguments);
        try (Child child = Child.start("client of " + address, command)) {
            return Compare.results(child, settings, server);
        }
    }
}
