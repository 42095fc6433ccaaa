package io.usernet.samples;

import io.usernet.Stack;
import io.usernet.UsernetProvider;
import io.usernet.UsernetSockets;
import io.usernet.metrics.Counter;
import java.io.IOException;
import java.net.Socket;

/** {@link PlainSockets} as an agent would start it; then whether the stack has served it. */
public final class PlainSocketsOnUsernet {
    private PlainSocketsOnUsernet() {}

    public static void main(String[] args) throws Exception {
        if (Boolean.getBoolean("taken")) takeTheFactory();
        try {
            UsernetSockets.install();
            UsernetSockets.install();
        } catch (IOException e) {
            System.out.println(e.getMessage());
            return;
        }
        if (UsernetProvider.stack().isPresent()) throw new AssertionError("opened too early");
        PlainSockets.main(args);
        Stack stack = UsernetProvider.stack().orElseThrow();
        long connections = stack.counters().getOrDefault(Counter.TCP_PASSIVE_OPENS, 0L);
        System.out.println("on the stack: " + (connections > 0));
    }

    @SuppressWarnings("deprecation") // there is no other door to plain sockets
    private static void takeTheFactory() throws IOException {
        Socket.setSocketImplFactory(() -> null);
    }
}
