package io.usernet.samples;

import io.usernet.Stack;
import io.usernet.link.LinkDevice;
import io.usernet.link.Wire;
import io.usernet.view.Tables;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A host looks at itself: two stacks are joined by a wire, one connects to the other, and that one
 * prints its sockets, neighbours, routes, addresses and counters as {@code ss}, {@code ip} and {@code
 * nstat} would. In a JVM whose provider Usernet is, begin with {@code UsernetProvider.stack()}.
 */
public final class HostStatus {
    private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.2", 6888);

    private HostStatus() {}

    public static void main(String[] args) throws IOException {
        Wire wire = new Wire();
        try (Stack client = open("10.0.0.1/24", wire.left());
                Stack server = open("10.0.0.2/24", wire.right());
                ServerSocketChannel listener = server.provider().openServerSocketChannel();
                SocketChannel channel = client.provider().openSocketChannel()) {
            listener.bind(SERVER, 50);
            channel.connect(SERVER);
            try (SocketChannel accepted = listener.accept()) {
                channel.write(ByteBuffer.allocate(1_000));
                while (accepted.read(ByteBuffer.allocate(1)) == 0) Thread.onSpinWait();
                print(server);
            }
        }
    }

    private static Stack open(String address, LinkDevice end) throws IOException {
        return Stack.builder().link(end).address(address).open();
    }

    private static void print(Stack stack) throws IOException {
        System.out.println("$ ss -tani\n" + Tables.ssInfo(stack.sockets()));
        System.out.println("$ ip neigh\n" + Tables.ipNeigh(stack.neighbors()));
        System.out.println("$ ip route\n" + Tables.ipRoute(stack.routes()));
        System.out.println("$ ip -s addr\n" + Tables.ipAddrStatistics(stack.interfaces()));
        System.out.println("$ nstat -a\n" + Tables.nstat(stack.counters()));
    }
}
