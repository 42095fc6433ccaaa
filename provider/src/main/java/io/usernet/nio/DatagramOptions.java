package io.usernet.nio;

import io.usernet.runtime.Engine;
import io.usernet.stack.Reuse;
import io.usernet.udp.UdpSocket;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Set;

/**
 * Socket options of one datagram channel, with the JDK's checks and messages. Thread-safe.
 */
final class DatagramOptions {
    private static final Set<SocketOption<?>> STANDARD =
            Set.of(
                    StandardSocketOptions.SO_SNDBUF,
                    StandardSocketOptions.SO_RCVBUF,
                    StandardSocketOptions.SO_REUSEADDR,
                    StandardSocketOptions.SO_REUSEPORT,
                    StandardSocketOptions.SO_BROADCAST,
                    StandardSocketOptions.IP_TOS,
                    StandardSocketOptions.IP_MULTICAST_IF,
                    StandardSocketOptions.IP_MULTICAST_TTL,
                    StandardSocketOptions.IP_MULTICAST_LOOP);

    /** With those of module jdk.net, looked for when somebody asks for more than the standard. */
    private static final class WithExtended {
        static final Set<SocketOption<?>> OPTIONS =
                ExtendedOptions.with(STANDARD, ExtendedOptions.NAPI_ID, "IP_DONTFRAGMENT");
    }

    private final UdpSocket socket;
    private final Engine engine;

    // -- fields protected by this object's monitor; the volatile ones are also read without it
    private Reuse reuse = Reuse.NONE;
    private volatile boolean broadcast;
    private volatile int trafficClass;
    private NetworkInterface multicastInterface;

    // -- end of fields protected by this object's monitor

    DatagramOptions(UdpSocket socket, Engine engine) {
        this.socket = socket;
        this.engine = engine;
    }

    static Set<SocketOption<?>> supported() {
        return WithExtended.OPTIONS;
    }

    /**
     * @throws NullPointerException if there is no name
     * @throws UnsupportedOperationException if there is no such option here
     */
    static void checkName(SocketOption<?> name) {
        if (name == null) throw new NullPointerException();
        if (!STANDARD.contains(name) && !supported().contains(name))
            throw StreamOptions.unsupported(name);
    }

    synchronized Reuse reuse() {
        return reuse;
    }

    boolean broadcast() {
        return broadcast;
    }

    int trafficClass() {
        return trafficClass;
    }

    /** An option's value; the name was checked. */
    synchronized Object get(SocketOption<?> name) {
        return switch (name.name()) {
            case "SO_SNDBUF" -> socket.sendBuffer();
            case "SO_RCVBUF" -> socket.receiveBuffer();
            case "SO_REUSEADDR", "SO_REUSEPORT" -> StreamOptions.get(reuse, name);
            case "SO_BROADCAST" -> broadcast;
            case "IP_TOS" -> trafficClass;
            case "IP_DONTFRAGMENT" -> socket.dontFragment;
            case "IP_MULTICAST_IF" -> multicastInterface;
            case "IP_MULTICAST_TTL" -> socket.multicastTtl;
            case "IP_MULTICAST_LOOP" -> socket.multicastLoop;
            case ExtendedOptions.NAPI_ID -> 0;
            default -> throw StreamOptions.unsupported(name);
        };
    }

    /**
     * Sets an option; name and type were checked.
     *
     * @throws IllegalArgumentException where the JDK does
     * @throws SocketException if it is one that is only read
     */
    synchronized void set(SocketOption<?> name, Object value) throws SocketException {
        switch (name.name()) {
            case "SO_SNDBUF" -> socket.sendBuffer(bytes(value));
            case "SO_RCVBUF" -> socket.receiveBuffer(bytes(value));
            case "SO_REUSEADDR", "SO_REUSEPORT" -> reuse = StreamOptions.set(reuse, name, value);
            case "SO_BROADCAST" -> broadcast = (Boolean) value;
            case "IP_TOS" -> trafficClass = StreamOptions.trafficClass((Integer) value);
            case "IP_DONTFRAGMENT" -> socket.dontFragment = (Boolean) value;
            case "IP_MULTICAST_IF" -> {
                multicastInterface = (NetworkInterface) value;
                socket.multicastLink = MulticastLinks.of(multicastInterface, engine);
            }
            case "IP_MULTICAST_TTL" -> socket.multicastTtl = timeToLive((Integer) value);
            case "IP_MULTICAST_LOOP" -> socket.multicastLoop = (Boolean) value;
            case ExtendedOptions.NAPI_ID -> throw ExtendedOptions.readOnly(name);
            default -> throw StreamOptions.unsupported(name);
        }
    }

    private static int bytes(Object value) {
        int n = (Integer) value;
        if (n < 0) throw new IllegalArgumentException("Invalid send/receive buffer size");
        return n;
    }

    private static int timeToLive(int value) {
        if (value < 0 || value > 255) throw new IllegalArgumentException("Invalid TTL/hop value");
        return value;
    }
}
