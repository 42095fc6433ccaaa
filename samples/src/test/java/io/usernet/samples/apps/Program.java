package io.usernet.samples.apps;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * What every application's {@code main} does: {@code both|server|client HOST PORT REQUESTS CONNECTIONS
 * BYTES}. It prints a line at each step, and nothing else.
 *
 * <p>A server stays until its standard input ends. With the system property {@code idle}, a client that
 * is done waits for that too, its connections open.
 */
final class Program {
    private Program() {}

    @SuppressWarnings("try") // nobody interrupts this thread
    static void run(Application application, String... args) throws Exception {
        InetSocketAddress at = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
        if (args[0].equals("client")) {
            ask(application, at, args);
        } else {
            try (AutoCloseable server = application.serve(at)) {
                say("serving");
                if (args[0].equals("both")) ask(application, at, args);
                else awaitEndOfInput();
            }
        }
        say("stopped");
    }

    private static void ask(Application application, InetSocketAddress at, String... args)
            throws Exception {
        int requests = Integer.parseInt(args[3]);
        int connections = Integer.parseInt(args[4]);
        int bytes = Integer.parseInt(args[5]);
        try (Client client = application.connect(at)) {
            client.small(1);
            say("connected");
            client.small(requests);
            say("small " + requests);
            client.together(connections);
            say("together " + connections);
            check("up", bytes, client.upload(bytes));
            check("down", bytes, client.download(bytes));
            client.small(1);
            if (Boolean.getBoolean("idle")) {
                say("idle");
                awaitEndOfInput();
            }
        }
    }

    private static void check(String what, int bytes, long checksum) {
        if (checksum != Payload.checksum(bytes)) {
            throw new AssertionError(what + ": wrong checksum of " + bytes + " bytes");
        }
        say(what + " " + bytes);
    }

    private static void awaitEndOfInput() throws IOException {
        while (System.in.read() >= 0) {}
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
