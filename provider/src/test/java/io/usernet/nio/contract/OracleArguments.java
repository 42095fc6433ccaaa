package io.usernet.nio.contract;

import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What the operations of an {@link OracleTable} are given: the good, the borderline and the wrong. */
final class OracleArguments {
    /** Some of many buffers, as scattering reads and gathering writes take them. */
    record Range(String name, Supplier<ByteBuffer[]> buffers, int offset, int length) {}

    /** An option and a value for it, which may be of the wrong type. */
    record Setting(SocketOption<Object> option, Object value) {
        @Override
        public String toString() {
            return option.name() + " " + value;
        }
    }

    private OracleArguments() {}

    static SocketAddress unresolved() {
        return InetSocketAddress.createUnresolved("host.invalid", 80);
    }

    /** Of a kind that no channel of the internet takes. */
    static SocketAddress otherKind() {
        return new SocketAddress() {
            private static final long serialVersionUID = 1;
        };
    }

    static Map<String, Supplier<ByteBuffer>> buffers() {
        Map<String, Supplier<ByteBuffer>> buffers = new LinkedHashMap<>();
        buffers.put("8 bytes", () -> ByteBuffer.allocate(8));
        buffers.put("3 direct bytes", () -> ByteBuffer.allocateDirect(5).position(2));
        buffers.put("no bytes", () -> ByteBuffer.allocate(0));
        buffers.put("read-only", () -> ByteBuffer.allocateDirect(8).asReadOnlyBuffer());
        buffers.put("read-only, empty", () -> ByteBuffer.allocate(0).asReadOnlyBuffer());
        buffers.put("null", () -> null);
        return buffers;
    }

    static List<Range> ranges() {
        Supplier<ByteBuffer[]> two =
                () -> new ByteBuffer[] {ByteBuffer.allocate(2), ByteBuffer.allocate(5)};
        return List.of(
                new Range("array", two, 0, 2),
                new Range("second of array", two, 1, 1),
                new Range("none of array", two, 2, 0),
                new Range("beyond array", two, 1, 2),
                new Range("before array", two, -1, 1),
                new Range("negative length of array", two, 0, -1),
                new Range("array of empty ones", () -> array(0, 0), 0, 2),
                new Range("empty array", () -> new ByteBuffer[0], 0, 0),
                new Range("array with null", () -> array(2, -1), 0, 2),
                new Range("array of null", () -> array(-1), 0, 1),
                new Range("array with read-only", OracleArguments::withReadOnly, 0, 2),
                new Range("null as array", () -> null, 0, 0));
    }

    private static ByteBuffer[] array(int... sizes) {
        ByteBuffer[] buffers = new ByteBuffer[sizes.length];
        for (int i = 0; i < sizes.length; i++)
            if (sizes[i] >= 0) buffers[i] = ByteBuffer.allocate(sizes[i]);
        return buffers;
    }

    private static ByteBuffer[] withReadOnly() {
        return new ByteBuffer[] {ByteBuffer.allocate(2), ByteBuffer.allocate(4).asReadOnlyBuffer()};
    }

    static List<Setting> settings() {
        List<Setting> settings = new ArrayList<>();
        add(settings, StandardSocketOptions.TCP_NODELAY, true, false, null, "yes");
        add(settings, StandardSocketOptions.SO_KEEPALIVE, true, false, null);
        add(settings, StandardSocketOptions.SO_REUSEADDR, true, false, null);
        add(settings, StandardSocketOptions.SO_REUSEPORT, true, false);
        add(settings, StandardSocketOptions.SO_LINGER, -7, -1, 7, 65_535, 70_000, null, true);
        add(settings, StandardSocketOptions.IP_TOS, -1, 0, 1, 8, 252, 255, 256, null);
        add(settings, StandardSocketOptions.SO_SNDBUF, -1, 0, 20_000, null);
        add(settings, StandardSocketOptions.SO_RCVBUF, -1, 0, 20_000, null);
        add(settings, StandardSocketOptions.SO_BROADCAST, true, false, null);
        add(settings, StandardSocketOptions.IP_MULTICAST_TTL, -1, 0, 255, 256);
        add(settings, StandardSocketOptions.IP_MULTICAST_LOOP, true, false);
        add(settings, StandardSocketOptions.IP_MULTICAST_IF, null, "lo");
        addExtended(settings, "SO_INCOMING_NAPI_ID", 0, null);
        addExtended(settings, "TCP_QUICKACK", true, false, null);
        addExtended(settings, "TCP_KEEPIDLE", -1, 0, 1, 32_767, 32_768, null);
        addExtended(settings, "TCP_KEEPINTERVAL", -1, 0, 1, 32_767, 32_768);
        addExtended(settings, "TCP_KEEPCOUNT", -1, 0, 1, 127, 128);
        addExtended(settings, "IP_DONTFRAGMENT", true, false, null);
        return settings;
    }

    @SuppressWarnings("unchecked") // wrong types are meant
    private static void add(List<Setting> settings, SocketOption<?> option, Object... values) {
        for (Object value : values) settings.add(new Setting((SocketOption<Object>) option, value));
    }

    /** Of module jdk.net, which the module under test does not read; not every JDK has all. */
    private static void addExtended(List<Setting> settings, String name, Object... values) {
        try {
            Class<?> options = Class.forName("jdk.net.ExtendedSocketOptions");
            for (Field field : options.getFields())
                if (field.getName().equals(name))
                    add(settings, (SocketOption<?>) field.get(null), values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Without those that only the JDK's own classes know. */
    static Set<SocketOption<?>> documented(Set<SocketOption<?>> options) {
        Set<SocketOption<?>> documented = new HashSet<>(options);
        documented.removeIf(option -> option.name().equals("SO_OOBINLINE"));
        return documented;
    }

    static Set<SocketOption<Object>> options() {
        Set<SocketOption<Object>> options = new LinkedHashSet<>();
        for (Setting setting : settings()) options.add(setting.option());
        return options;
    }

    /** The value that nobody has set; of TCP_QUICKACK, it is Linux's mood. */
    static Object untouched(SocketOption<?> option, Object value) {
        return option.name().equals("TCP_QUICKACK")
                ? value.getClass().getName()
                : telling(option, value);
    }

    /** The value; of sizes, which are hints, only that there is one. */
    static Object telling(SocketOption<?> option, Object value) {
        boolean size =
                option == StandardSocketOptions.SO_SNDBUF
                        || option == StandardSocketOptions.SO_RCVBUF;
        return size ? (Object) ((int) value > 0) : value;
    }
}
