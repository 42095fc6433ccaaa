package io.usernet.nio;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Stream;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Set;

/** Socket options of connections, with the JDK's checks and messages, and Linux's bounds. */
final class StreamOptions {
    /** Those of the standard; with whom a port is shared is the channel's matter, not the stream's. */
    private static final Set<SocketOption<?>> STANDARD =
            Set.of(
                    StandardSocketOptions.SO_SNDBUF,
                    StandardSocketOptions.SO_RCVBUF,
                    StandardSocketOptions.SO_KEEPALIVE,
                    StandardSocketOptions.SO_REUSEADDR,
                    StandardSocketOptions.SO_REUSEPORT,
                    StandardSocketOptions.SO_LINGER,
                    StandardSocketOptions.TCP_NODELAY,
                    StandardSocketOptions.IP_TOS);

    private static final int MAX_LINGER_S = 65_535;

    /** Bits of the traffic class that are TCP's own, RFC 3168. */
    private static final int ECN = 3;

    private StreamOptions() {}

    /** With those of module jdk.net, which is looked for when somebody asks for more than the standard. */
    private static final class WithExtended {
        static final Set<SocketOption<?>> OPTIONS =
                ExtendedOptions.with(
                        STANDARD,
                        ExtendedOptions.NAPI_ID,
                        "TCP_QUICKACK",
                        "TCP_KEEPIDLE",
                        "TCP_KEEPINTERVAL",
                        "TCP_KEEPCOUNT");
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
        if (!STANDARD.contains(name) && !supported().contains(name)) throw unsupported(name);
    }

    static UnsupportedOperationException unsupported(SocketOption<?> name) {
        return new UnsupportedOperationException("'" + name.name() + "' not supported");
    }

    /** Whether it is one of the two options that say with whom a local port is shared. */
    static boolean isReuse(SocketOption<?> name) {
        return name == StandardSocketOptions.SO_REUSEADDR
                || name == StandardSocketOptions.SO_REUSEPORT;
    }

    static Boolean get(Reuse reuse, SocketOption<?> name) {
        return name == StandardSocketOptions.SO_REUSEADDR ? reuse.address() : reuse.port();
    }

    static Reuse set(Reuse reuse, SocketOption<?> name, Object value) {
        boolean on = (Boolean) value;
        return name == StandardSocketOptions.SO_REUSEADDR
                ? reuse.withAddress(on)
                : reuse.withPort(on);
    }

    /**
     * @throws IllegalArgumentException if it isn't a value of the option's type
     */
    static void checkValue(SocketOption<?> name, Object value) {
        if (!name.type().isInstance(value))
            throw new IllegalArgumentException("Invalid value '" + value + "'");
    }

    /** An option's value; the name was checked, and {@link #isReuse} denied. */
    static Object get(Stream stream, Sysctls sysctls, SocketOption<?> name) {
        return switch (name.name()) {
            case "SO_SNDBUF" -> stream.sendQueue().limit() / 2;
            case "SO_RCVBUF" -> stream.receiveBuffer / 2;
            case "SO_KEEPALIVE" -> stream.keepAlive;
            case "SO_LINGER" -> stream.linger;
            case "TCP_NODELAY" -> stream.noDelay;
            case "IP_TOS" -> stream.trafficClass;
            case "TCP_QUICKACK" -> stream.quickAck;
            case "TCP_KEEPIDLE" -> orElse(stream.keepIdle, sysctls, Sysctl.TCP_KEEPALIVE_TIME);
            case "TCP_KEEPINTERVAL" ->
                    orElse(stream.keepInterval, sysctls, Sysctl.TCP_KEEPALIVE_INTVL);
            case "TCP_KEEPCOUNT" -> orElse(stream.keepCount, sysctls, Sysctl.TCP_KEEPALIVE_PROBES);
            case ExtendedOptions.NAPI_ID -> 0;
            default -> throw unsupported(name);
        };
    }

    static Integer orElse(int value, Sysctls sysctls, Sysctl otherwise) {
        return value != 0 ? value : sysctls.getInt(otherwise);
    }

    /**
     * Sets an option; the caller then posts OPTIONS. Name and type were checked.
     *
     * @throws IllegalArgumentException where the JDK does
     * @throws SocketException "Invalid argument" where Linux says so
     */
    static void set(Stream stream, Sysctls sysctls, SocketOption<?> name, Object value)
            throws SocketException {
        switch (name.name()) {
            case "SO_SNDBUF" -> stream.sendQueue().limit(doubled(value, sysctls, Sysctl.TCP_WMEM));
            case "SO_RCVBUF" -> stream.receiveBuffer = doubled(value, sysctls, Sysctl.TCP_RMEM);
            case "SO_KEEPALIVE" -> stream.keepAlive = (Boolean) value;
            case "SO_LINGER" ->
                    stream.linger = Math.max(-1, Math.min((Integer) value, MAX_LINGER_S));
            case "TCP_NODELAY" -> stream.noDelay = (Boolean) value;
            case "IP_TOS" -> stream.trafficClass = trafficClass((Integer) value) & ~ECN;
            case "TCP_QUICKACK" -> stream.quickAck = (Boolean) value;
            case "TCP_KEEPIDLE" -> stream.keepIdle = positive(value, Sysctl.TCP_KEEPALIVE_TIME);
            case "TCP_KEEPINTERVAL" ->
                    stream.keepInterval = positive(value, Sysctl.TCP_KEEPALIVE_INTVL);
            case "TCP_KEEPCOUNT" -> stream.keepCount = positive(value, Sysctl.TCP_KEEPALIVE_PROBES);
            case ExtendedOptions.NAPI_ID -> throw ExtendedOptions.readOnly(name);
            default -> throw unsupported(name);
        }
    }

    static int trafficClass(int value) {
        if (value < 0 || value > 255) throw new IllegalArgumentException("Invalid IP_TOS value");
        return value;
    }

    static int positive(Object value, Sysctl bounds) throws SocketException {
        int n = (Integer) value;
        if (n < 1 || n > bounds.max()) throw new SocketException("Invalid argument");
        return n;
    }

    /**
     * The bytes that a buffer holds for the size that an application gave: as with Linux twice that,
     * between the setting's first and last number. Asked for the size, it is told half of what is held.
     */
    static int doubled(Object value, Sysctls sysctls, Sysctl bounds) {
        int n = (Integer) value;
        if (n < 0) throw new IllegalArgumentException("Invalid send/receive buffer size");
        long least = sysctls.get(bounds, 0), most = sysctls.get(bounds, 2);
        return (int) Math.max(least, Math.min(2L * n, most));
    }
}
