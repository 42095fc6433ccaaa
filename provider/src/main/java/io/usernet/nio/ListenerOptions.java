package io.usernet.nio;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Stream;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Set;

/**
 * Socket options of one listener, with the JDK's checks and messages; connections that are accepted
 * inherit those of module jdk.net. Thread-safe.
 */
final class ListenerOptions {
    private static final Set<SocketOption<?>> STANDARD =
            Set.of(
                    StandardSocketOptions.SO_RCVBUF,
                    StandardSocketOptions.SO_REUSEADDR,
                    StandardSocketOptions.SO_REUSEPORT);

    /** With those of module jdk.net, looked for when somebody asks for more than the standard. */
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

    private final Sysctls sysctls;

    // -- fields protected by this object's monitor
    private Reuse reuse = new Reuse(true, false); // as on every Unix
    private int receiveBuffer; // bytes that are held: twice SO_RCVBUF
    private Boolean quickAck; // null: not set
    private int keepIdle, keepInterval, keepCount; // 0: as the settings say
    private boolean inherited; // whether there is something to inherit

    // -- end of fields protected by this object's monitor

    ListenerOptions(Sysctls sysctls) {
        this.sysctls = sysctls;
        this.receiveBuffer = (int) sysctls.get(Sysctl.TCP_RMEM, 1);
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

    /** Bytes that each accepted connection holds: twice SO_RCVBUF. */
    synchronized int receiveBuffer() {
        return receiveBuffer;
    }

    /** An option's value; the name was checked. */
    synchronized Object get(SocketOption<?> name) {
        return switch (name.name()) {
            case "SO_RCVBUF" -> receiveBuffer / 2;
            case "SO_REUSEADDR", "SO_REUSEPORT" -> StreamOptions.get(reuse, name);
            case "TCP_QUICKACK" -> quickAck == null || quickAck;
            case "TCP_KEEPIDLE" ->
                    StreamOptions.orElse(keepIdle, sysctls, Sysctl.TCP_KEEPALIVE_TIME);
            case "TCP_KEEPINTERVAL" ->
                    StreamOptions.orElse(keepInterval, sysctls, Sysctl.TCP_KEEPALIVE_INTVL);
            case "TCP_KEEPCOUNT" ->
                    StreamOptions.orElse(keepCount, sysctls, Sysctl.TCP_KEEPALIVE_PROBES);
            case ExtendedOptions.NAPI_ID -> 0;
            default -> throw StreamOptions.unsupported(name);
        };
    }

    /**
     * Sets an option; name and type were checked.
     *
     * @throws IllegalArgumentException where the JDK does
     * @throws SocketException "Invalid argument" where Linux says so
     */
    synchronized void set(SocketOption<?> name, Object value) throws SocketException {
        switch (name.name()) {
            case "SO_RCVBUF" ->
                    receiveBuffer = StreamOptions.doubled(value, sysctls, Sysctl.TCP_RMEM);
            case "SO_REUSEADDR", "SO_REUSEPORT" -> reuse = StreamOptions.set(reuse, name, value);
            default -> {
                setInherited(name, value);
                inherited = true;
            }
        }
    }

    private void setInherited(SocketOption<?> name, Object value) throws SocketException {
        switch (name.name()) {
            case "TCP_QUICKACK" -> quickAck = (Boolean) value;
            case "TCP_KEEPIDLE" ->
                    keepIdle = StreamOptions.positive(value, Sysctl.TCP_KEEPALIVE_TIME);
            case "TCP_KEEPINTERVAL" ->
                    keepInterval = StreamOptions.positive(value, Sysctl.TCP_KEEPALIVE_INTVL);
            case "TCP_KEEPCOUNT" ->
                    keepCount = StreamOptions.positive(value, Sysctl.TCP_KEEPALIVE_PROBES);
            case ExtendedOptions.NAPI_ID -> throw ExtendedOptions.readOnly(name);
            default -> throw StreamOptions.unsupported(name);
        }
    }

    /** Whether the stream was given options: then the caller posts OPTIONS. */
    synchronized boolean inheritTo(Stream accepted) {
        if (!inherited) return false;
        if (quickAck != null) accepted.quickAck = quickAck;
        accepted.keepIdle = keepIdle;
        accepted.keepInterval = keepInterval;
        accepted.keepCount = keepCount;
        return true;
    }
}
