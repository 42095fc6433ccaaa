package io.usernet.nio.contract;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One provider's side of one cell of an {@link OracleTable}: what was opened for it, and how what came
 * out is told in words that are the same for every provider. Used by one thread.
 */
final class Scene implements Closeable {
    /** A port, of which only the role is the same everywhere. */
    record Port(int number) {}

    final Subject subject;
    private final Deque<Closeable> opened = new ArrayDeque<>();
    private final Map<Integer, String> ports = new HashMap<>();

    Scene(Subject subject) {
        this.subject = subject;
    }

    @Override
    public void close() throws IOException {
        for (Closeable c; (c = opened.pollLast()) != null; ) c.close();
    }

    <T extends Closeable> T closing(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    InetSocketAddress anyPort() {
        return new InetSocketAddress(subject.serverAddress(), 0);
    }

    /** From now on, the port of this channel has this name in what is told. */
    <C extends NetworkChannel> C named(String name, C channel) throws IOException {
        ports.put(((InetSocketAddress) channel.getLocalAddress()).getPort(), name);
        return channel;
    }

    /** Returns once the channel is ready for these operations; its mode is as before then. */
    void awaitReady(SelectableChannel channel, int ops) throws IOException {
        boolean blocking = channel.isBlocking();
        channel.configureBlocking(false);
        try (Selector selector = subject.provider().openSelector()) {
            SelectionKey key = channel.register(selector, ops);
            for (int ready = 0; ready != ops; ready |= key.readyOps()) {
                selector.selectedKeys().clear();
                if (selector.select(NioContract.SELECT_MS) == 0)
                    throw new AssertionError("never ready for " + ops);
            }
        }
        channel.configureBlocking(blocking);
    }

    // -- telling

    String tell(Throwable failure) {
        if (failure instanceof AssertionError) return failure.toString();
        if (failure instanceof NullPointerException)
            return "NullPointerException"; // the JVM's words
        return failure.getClass().getName() + ": " + named(failure.getMessage());
    }

    private String named(String message) {
        return message == null ? null : message.replaceAll(":\\d+", ":port");
    }

    String tell(Object value) {
        if (value == null) return "null";
        if (value instanceof Throwable failure) return tell(failure);
        if (value instanceof Optional<?> some)
            return some.isPresent() ? tell(some.get()) : "nothing";
        if (value instanceof Port port) return tellPort(port.number());
        if (value instanceof InetSocketAddress address)
            return tell(address.getAddress()) + ":" + tellPort(address.getPort());
        if (value instanceof InetAddress address)
            return address.isAnyLocalAddress() ? "any" : address.getHostAddress();
        if (value instanceof ByteBuffer buffer)
            return buffer.position() + ".." + buffer.limit() + "/" + buffer.capacity();
        if (value instanceof SocketOption<?> option) return option.name();
        if (value instanceof Object[] array) return tell(Arrays.asList(array));
        if (value instanceof byte[] bytes) return Arrays.toString(bytes);
        if (value instanceof java.util.Set<?> set) return tellSet(set);
        if (value instanceof Collection<?> all) return all.stream().map(this::tell).toList() + "";
        if (value instanceof Boolean || value instanceof Number || value instanceof String)
            return value.toString();
        return kind(value);
    }

    private String tellSet(Collection<?> set) {
        Collection<String> told = new TreeSet<>();
        for (Object each : set) told.add(tell(each));
        return told.toString();
    }

    private String tellPort(int port) {
        return port <= 0 ? String.valueOf(port) : ports.getOrDefault(port, "port");
    }

    /** The public class that an application knows it by. */
    private static String kind(Object value) {
        if (value instanceof Socket) return "Socket";
        if (value instanceof ServerSocket) return "ServerSocket";
        Class<?> type = value.getClass();
        while (!type.getName().startsWith("java.")
                || !java.lang.reflect.Modifier.isPublic(type.getModifiers()))
            type = type.getSuperclass();
        return type.getName();
    }
}
